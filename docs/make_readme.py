"""Write README.md from nbs/index.ipynb: python docs/make_readme.py [--check]. The notebook is run, so every number is read from results/."""

import argparse
import ast
import re
import sys
from pathlib import Path

from graphseg.study.checks import read_cells

root = Path(__file__).resolve().parent.parent
NOTE = "<!-- Written from nbs/index.ipynb by `make readme`; edit the notebook. -->\n"


def run(source: str, names: dict) -> str:
    "Run one code cell in `names`; the Markdown of its last expression."
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "index.ipynb", "exec"), names)
    if last is None:
        return ""
    value = eval(compile(ast.Expression(last.value), "index.ipynb", "eval"), names)
    return getattr(value, "data", str(value)) if value is not None else ""


def relocate(text: str) -> str:
    "Links as seen from the root of the repository instead of from nbs/."

    def link(match):
        target = match[2]
        if re.match(r"https?:|#|mailto:", target):
            return match[0]
        return f"{match[1]}({target[3:] if target.startswith('../') else 'nbs/' + target})"

    return re.sub(r"(\])\(([^)\s]+)\)", link, text).replace('src="../', 'src="')


def readme() -> str:
    "The whole text."
    names, parts = {}, []
    for cell in read_cells(root / "nbs" / "index.ipynb"):
        if cell.kind == "markdown":
            parts.append(cell.source)
        elif cell.kind == "code":
            shown = run(cell.source, names)
            if "hide" not in cell.directives and shown:
                parts.append(shown)
    return NOTE + "\n\n".join(relocate(part.strip()) for part in parts) + "\n"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="fail if README.md is not current, and leave it")
    path, text = root / "README.md", readme()
    if not options.parse_args().check:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        print("README.md is not what nbs/index.ipynb makes; run: make readme")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
