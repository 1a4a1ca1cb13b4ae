"""Turn nbdev notebooks into pages for Sphinx and myst-nb, without Quarto and without running anything.

A library page keeps the lesson and adds, for every exported symbol, an anchored section with its signature and docments; the
exported source stays on the page, folded. A stage or chapter page is the executed copy under results/notebooks/, when there is one.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Iterable
from pathlib import Path

from graphseg.study.checks import directives

CALLOUT = re.compile(r"^(:{3,})\s*\{\.callout-(note|tip|warning|important|caution)[^}]*\}", re.M)
SYMBOL = re.compile(r"(?<![`\[\w])`([A-Za-z_][\w.]*)(\(\))?`(?![`\]])")
SHARED = ("base", "shapes", "learning")  # wings whose symbols every wing may mean
COHORTS = ("phantoms",)  # names of cohorts that are also names of modules: not linked
Cell, Notebook = dict, dict


# --- reading ---------------------------------------------------------------------------------------------------------------------


def read(path: Path) -> Notebook:
    "A notebook with every source and every text output as one string."
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def exported(notebook: Notebook) -> list[str]:
    "Public names that a notebook's exported cells define."
    names = []
    for cell in notebook["cells"]:
        found, source = directives(cell["source"]) if cell["cell_type"] == "code" else ({}, "")
        if found.keys() & {"export", "exports"}:
            names += [name for node in parse(source).body for name in defined(node)]
    return list(dict.fromkeys(names))


def parse(source: str) -> ast.Module:
    "Syntax tree of a cell without its magics."
    return ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M))


def defined(node: ast.stmt) -> list[str]:
    "Public names that one top-level statement defines."
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        names = [node.name]
    elif isinstance(node, ast.Assign):
        names = [
            n.id
            for target in node.targets
            for n in ast.walk(target)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        names = [node.target.id]
    else:
        names = []
    return [name for name in names if not name.startswith("_")]


def symbols(modules: dict[Path, str]) -> dict[str, tuple[str, str]]:
    "Exported name -> (module, anchor), for names that one notebook alone exports."
    found: dict[str, list[str]] = {}
    for path, module in modules.items():
        for name in exported(read(path)):
            found.setdefault(name, []).append(module)
    return {name: (owners[0], anchor(owners[0], name)) for name, owners in found.items() if len(owners) == 1}


def page_names(modules: Iterable[str], wing: str) -> dict[str, str]:
    "Name as a text of one wing writes it -> module: with its wing, or alone for a module of the same wing."
    modules = list(modules)
    own = {module.rpartition(".")[2]: module for module in modules if module.rpartition(".")[0] == wing}
    return {**{module: module for module in modules}, **own}


def near(known: dict[str, tuple[str, str]], wing: str) -> dict[str, tuple[str, str]]:
    "Symbols that a text of one wing may mean by their bare name: its own, and those of the wings that all share."
    return {name: to for name, to in known.items() if not wing or to[0].partition(".")[0] in (wing, *SHARED)}


def anchor(module: str, name: str) -> str:
    "Label of a symbol's section; labels ignore case, so constants and classes are told apart from functions."
    kind = "-constant" if name.isupper() else "-class" if name[:1].isupper() else ""
    return re.sub(r"[._]", "-", f"api-{module}-{name}{kind}").lower()


def page_label(module: str) -> str:
    "Label of a module's page."
    return "page-" + re.sub(r"[._]", "-", module)


# --- a symbol's section ----------------------------------------------------------------------------------------------------------


def comments(source: str) -> dict[int, str]:
    "Comment text per line; a line that holds only a comment continues the one above."
    found: dict[int, str] = {}
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, text = token.start[0], token.string.lstrip("#").strip()
        if lines[line - 1].lstrip().startswith("#") and line - 1 in found:
            found[line - 1] += " " + text
        else:
            found[line] = text
    return found


def parameters(function: ast.FunctionDef, notes: dict[int, str]) -> list[tuple[str, str, str, str]]:
    "Rows (name, type, default, meaning) of a function's parameters and of what it returns."
    args = function.args
    plain = args.posonlyargs + args.args
    defaults = [None] * (len(plain) - len(args.defaults)) + args.defaults
    pairs = list(zip(plain, defaults, strict=True)) + list(zip(args.kwonlyargs, args.kw_defaults, strict=True))
    rows = [
        (
            arg.arg,
            ast.unparse(arg.annotation) if arg.annotation else "",
            ast.unparse(default) if default else "",
            notes.get(arg.lineno, ""),
        )
        for arg, default in pairs
        if arg.arg not in ("self", "cls")
    ]
    if function.returns and ast.unparse(function.returns) != "None":
        rows.append(("returns", ast.unparse(function.returns), "", notes.get(function.returns.end_lineno, "")))
    return rows


def fields(node: ast.ClassDef, notes: dict[int, str]) -> list[tuple[str, str, str, str]]:
    "Rows of a dataclass or of a named tuple."
    return [
        (
            item.target.id,
            ast.unparse(item.annotation),
            ast.unparse(item.value) if item.value else "",
            notes.get(item.lineno, ""),
        )
        for item in node.body
        if isinstance(item, ast.AnnAssign)
    ]


def table(rows: list[tuple[str, str, str, str]]) -> str:
    "Markdown table of parameters, without columns that are empty throughout."
    if not rows:
        return ""
    keep = [i for i in range(4) if i in (0, 3) or any(row[i] for row in rows)]

    def code(text):
        return f"`{text}`".replace("|", "\\|") if text else ""

    def line(values):
        return "| " + " | ".join(values[i] for i in keep) + " |"

    body = [
        line(
            [
                "*returns*" if row[0] == "returns" else code(row[0]),
                code(row[1]),
                code(row[2]),
                row[3].replace("|", "\\|"),
            ]
        )
        for row in rows
    ]
    return "\n".join([line(["name", "type", "default", "meaning"]), line(["---"] * 4), *body])


def signature(node: ast.FunctionDef | ast.ClassDef) -> str:
    "How the symbol is called, on one line where it fits."
    if isinstance(node, ast.ClassDef):
        start = next(
            (item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None
        )
        if start is None:
            return f"class {node.name}" + (f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else "")
        return signature_of(f"class {node.name}", start)
    return signature_of(node.name, node)


def signature_of(name: str, function: ast.FunctionDef) -> str:
    "Call form of a function: names and defaults; the types are in the table."
    args = ast.parse("def f(): pass").body[0].args
    for kind in ("posonlyargs", "args", "kwonlyargs"):
        setattr(args, kind, [ast.arg(a.arg) for a in getattr(function.args, kind) if a.arg not in ("self", "cls")])
    args.defaults, args.kw_defaults = function.args.defaults, function.args.kw_defaults
    args.vararg, args.kwarg = function.args.vararg, function.args.kwarg
    text = f"{name}({ast.unparse(args)})"
    return text if len(text) <= 96 else f"{name}(\n    " + ",\n    ".join(split_arguments(ast.unparse(args))) + ")"


def split_arguments(text: str) -> list[str]:
    "Split at the commas that stand outside brackets and quotes."
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        if char == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def methods(node: ast.ClassDef) -> str:
    "List of a class's public methods with the first line of their docstrings."
    rows = []
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and not item.name.startswith("_") and ast.get_docstring(item):
            is_property = any(ast.unparse(d).endswith("property") for d in item.decorator_list)
            call = item.name if is_property else signature_of(item.name, item).replace("\n    ", "")
            rows.append(f"- `.{call}`: {ast.get_docstring(item).splitlines()[0]}")
    return "\n".join(rows)


def section(node: ast.FunctionDef | ast.ClassDef, source: str, module: str) -> Cell:
    "Markdown cell that documents one exported symbol."
    notes = comments(source)
    is_class = isinstance(node, ast.ClassDef)
    start = (
        next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
        if is_class
        else node
    )
    rows = parameters(start, notes) if start else fields(node, notes)
    forward = (
        next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "forward"), None)
        if is_class
        else None
    )
    called = (
        f"Called as `{signature_of('forward', forward)}`:\n\n{table(parameters(forward, notes))}" if forward else ""
    )
    parts = [
        f"({anchor(module, node.name)})=\n### `{node.name}`",
        f"```python\n{signature(node)}\n```",
        ast.get_docstring(node) or "",
        table(rows),
        called,
        methods(node) if is_class else "",
    ]
    return markdown("\n\n".join(part for part in parts if part))


def sections_of(tree: ast.Module, source: str, module: str) -> list[Cell]:
    "Markdown cells of all symbols that one exported cell defines; constants share a line."
    constants = [name for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) for name in defined(node)]
    cells = [
        section(node, source, module)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and defined(node)
    ]
    if not constants:
        return cells
    targets = "\n".join(f"({anchor(module, name)})=" for name in constants)
    return [markdown(f"{targets}\n**Defines** {', '.join(f'`{name}`' for name in constants)}"), *cells]


def markdown(source: str, **metadata) -> Cell:
    "A markdown cell."
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


# --- what pictures show ------------------------------------------------------------------------------------------------------------

Captions = dict[tuple[str, str], str]  # (stage, name of the figure) -> what it shows


def shows_image(cell: Cell) -> bool:
    "Whether a cell has a picture among its outputs."
    return any(mime.startswith("image/") for output in cell.get("outputs", []) for mime in output.get("data", {}))


NO_PARAGRAPH = re.compile(r"\s*(#|\||>|```|:::|- |\d+\. |\$\$|<)")  # heading, table, quote, code, list, formula, HTML


def sentences(text: str, which: int = -1, most: int = 280) -> str:
    "The last paragraph of a Markdown text, or that of another place, as plain words, cut after a whole sentence."
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block and not NO_PARAGRAPH.match(block)]
    if not blocks:
        return ""
    words = re.sub(r"\[([^\]]+)\]\([^)]*\)|[*`$]", lambda found: found[1] or "", " ".join(blocks[which].split()))
    kept, *rest = re.split(r"(?<=[.!?]) ", words)
    for sentence in rest:
        if len(kept) + len(sentence) >= most or sentence.endswith(":"):
            break
        kept += " " + sentence
    return re.sub(r":$", ".", kept) if len(kept) <= most else kept[:most].rpartition(" ")[0] + " …"


def caption(cells: list[Cell], place: int) -> str:
    """What the picture of a cell shows: its heading, or the title below a heading that tells nothing, and its caption.

    The caption is the `fig-cap` of the cell, or the emphasised text below it, or else the text that it follows, or that follows it.
    """

    def text(step):
        near = cells[place + step] if 0 <= place + step < len(cells) else {"cell_type": "raw"}
        return near["source"] if near["cell_type"] == "markdown" else ""

    above = [cell["source"] for cell in cells[:place] if cell["cell_type"] == "markdown"]
    headings = [re.sub(r"[*`$]", "", found) for found in re.findall(r"^#+ (.+)$", "\n".join(above), re.M)] or [""]
    below = re.split(r"^#", text(1), maxsplit=1, flags=re.M)[0]
    told = [
        directives(cells[place]["source"])[0].get("fig-cap", ""),
        sentences(below, 0) if below.lstrip().startswith("*") else "",
        sentences(text(-1)),
        sentences(below, 0),
        *[sentences(re.sub(r"^#.*", "", source, flags=re.M)) for source in reversed(above[-2:])],
        headings[-1],
    ]
    heading = headings[0 if headings[-1] in ("Look", "Results") or not any(told[:-1]) else -1]
    return ": ".join(filter(None, (heading, next(filter(None, told), ""))))


def stage_captions(stages: Iterable[Path]) -> Captions:
    "What the figures show that stages write."
    found = {}
    for path in stages:
        cells = read(path)["cells"]
        for place, cell in enumerate(cells):
            names = re.findall(r'\bsave(?:_figure)?\(.*?"(\w+)"', cell["source"]) if cell["cell_type"] == "code" else []
            found |= {(path.stem[3:], name): caption(cells, place) for name in names}
    return found


def borrowed(cells: list[Cell], place: int, captions: Captions) -> str:
    "Caption of a stage's figure that a chapter shows by its name; empty where the cell shows none."
    code = "\n".join(cell["source"] for cell in cells[: place + 1] if cell["cell_type"] == "code")
    source = cells[place]["source"]
    for name in re.findall(r"\*(\w+)", source):
        source += "".join(re.findall(rf"^{name} = (.+)$", code, re.M)[-1:])
    words = re.findall(r'"(\w+)(?:\.png)?"', source)
    return next((captions[stage, name] for stage in words for name in words if (stage, name) in captions), "")


# --- where tables and pictures of a chapter come from ----------------------------------------------------------------------------


def stages_named(node: ast.AST, stages: Iterable[str], carried: dict[str, set[str]]) -> set[str]:
    "Stages that a piece of code names, as a text, within a path, or through a variable."
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            found |= set(stages) & set(re.split(r"[/@]", part.value))
        elif isinstance(part, ast.Name):
            found |= carried.get(part.id, set())
    return found


def sources(cells: list[Cell], stages: Iterable[str]) -> dict[int, list[str]]:
    "Place of a cell with a table or picture -> stages whose results its code reads, directly or through variables."
    carried: dict[str, set[str]] = {}
    found = {}
    for place, cell in enumerate(cells):
        if cell["cell_type"] != "code":
            continue
        tree = parse(cell["source"])
        for node in tree.body:
            named = stages_named(node, stages, carried)
            for name in defined(node) if not isinstance(node, ast.FunctionDef) else ():
                carried[name] = named
        shows = any(
            {"image/png", "text/html", "text/markdown"} & set(o.get("data", {})) for o in cell.get("outputs", [])
        )
        if shows and (read_here := sorted(stages_named(tree, stages, carried))):
            found[place] = read_here
    return found


def origin(stages: list[str], links: dict[str, tuple[str, str]], most: int = 4) -> Cell:
    "Line below a table or picture: the stages that it comes from, as links."
    listed = [f"[{links[stage][0]}](../{links[stage][1]})" for stage in stages[:most]]
    more = f" and {len(stages) - most} more" if len(stages) > most else ""
    return markdown(f"<small>From the results of: {', '.join(listed)}{more}.</small>")


# --- pages -----------------------------------------------------------------------------------------------------------------------


def link_symbols(text: str, known: dict[str, tuple[str, str]], pages: dict[str, str]) -> str:
    "Link names in backticks to their sections, and module names to their pages; leave headings, code and links alone."

    def link(match):
        name = match[1].removeprefix("graphseg.")
        module, _, last = name.rpartition(".")
        if name in known:
            return f"[{match[0]}](#{known[name][1]})"
        if last in known and pages.get(module) == known[last][0]:
            return f"[{match[0]}](#{known[last][1]})"
        if module in known and module[0].isupper():
            return f"[{match[0]}](#{known[module][1]})"
        if name in pages and name not in COHORTS:
            return f"[{match[0]}](#{page_label(pages[name])})"
        return match[0]

    lines, in_code, of_parameters = [], False, False
    for line in text.splitlines():
        of_parameters = line.startswith("| ") and (of_parameters or re.match(r"\| name \|.* meaning \|", line))
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif of_parameters:  # the first column names parameters, not symbols
            first, rest = re.match(r"(\| [^|]*)(.*)", line).groups()
            line = first + SYMBOL.sub(link, rest)
        elif not in_code and not line.startswith(("#", "**Defines**")):
            line = SYMBOL.sub(link, line)
        lines.append(line)
    return "\n".join(lines)


def callouts(text: str) -> str:
    "Quarto callouts as MyST admonitions."
    return CALLOUT.sub(r"\1{\2}", text)


def code_cells(cell: Cell, module: str | None, sections: bool) -> list[Cell]:
    "A code cell as it appears on the page: its symbol sections, then the cell, shown, folded or dropped."
    found, source = directives(cell["source"])
    if not source.strip() or found.keys() & {"hide", "default_exp"} or found.get("include") == "false":
        return []
    metadata, tags = cell.setdefault("metadata", {}), set(cell.get("metadata", {}).get("tags", []))
    cell["source"], before = source, []
    if found.keys() & {"export", "exporti", "exports"}:
        tree = parse(source)
        if sections and "exporti" not in found:
            before = sections_of(tree, source, module)
        definition = any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in tree.body)
        imports = all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body)
        if definition or imports:
            tags.add("hide-input")
            fold(metadata, "Imports" if imports else "Source")
    if found.get("code-fold", "false") in ("true", "show"):
        tags.add("hide-input")
        fold(metadata, found.get("code-summary", "Code"))
    if found.get("echo") == "false":
        tags.add("remove-input")
    if found.get("output") == "false":
        tags.add("remove-output")
    if "fig-cap" in found:
        metadata.setdefault("mystnb", {})["figure"] = {"caption": found["fig-cap"]}
    widths = [
        size["width"]
        for output in cell.get("outputs", [])
        for size in output.get("metadata", {}).values()
        if "width" in size
    ]
    image = {"width": f"{widths[0]}px"} if widths else {}
    if alt := cell.pop("alt", ""):
        image["alt"] = alt
    if image:
        metadata.setdefault("mystnb", {})["image"] = image
    metadata["tags"] = sorted(tags)
    cell["outputs"] = [clean_output(output) for output in cell.get("outputs", []) if output.get("name") != "stderr"]
    return [*before, cell]


def fold(metadata: dict, label: str) -> None:
    "Fold the cell's input under `label`."
    metadata.setdefault("mystnb", {}).update(code_prompt_show=label, code_prompt_hide=label)


def clean_output(output: dict) -> dict:
    "Drop ANSI colours and the representations that a static page cannot use."
    if output["output_type"] == "stream":
        output["text"] = re.sub(r"\x1b\[[0-9;]*m", "", "".join(output["text"]))
    for mime in [m for m in output.get("data", {}) if "widget" in m or "javascript" in m]:
        del output["data"][mime]
    return output


def convert(
    notebook: Notebook,
    known: dict,
    pages: dict[str, str],
    module: str | None = None,
    title: str | None = None,
    captions: Captions | None = None,
    links: dict[str, tuple[str, str]] | None = None,
) -> Notebook:
    """The notebook as a page.

    `module` asks for symbol sections, `title` replaces the `# ` line, `captions` name borrowed figures, and `links` (stage ->
    title and page) ask for the stages that tables and pictures come from.
    """
    origins = sources(notebook["cells"], links) if links else {}
    for place, cell in enumerate(notebook["cells"]):
        if shows_image(cell):
            cell["alt"] = borrowed(notebook["cells"], place, captions or {}) or caption(notebook["cells"], place)
    cells, injected = [], any("injected-parameters" in cell["metadata"].get("tags", []) for cell in notebook["cells"])
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "raw":
            continue
        if injected and "parameters" in cell["metadata"].get("tags", []):
            cell["metadata"]["tags"] = ["hide-input"]
            fold(cell["metadata"], "Meaning and default of the parameters")
        if cell["cell_type"] == "code":
            cells += code_cells(cell, module, sections=module is not None)
            cells += [origin(origins[place], links or {})] if place in origins else []
        else:
            cells.append(markdown(callouts(cell["source"])))
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = link_symbols(cell["source"], known, pages)
    first = next(cell for cell in cells if cell["cell_type"] == "markdown")
    if title:
        first["source"] = re.sub(r"^# .+$", f"# {title}", first["source"], count=1, flags=re.M)
    if module:
        first["source"] = f"({page_label(module)})=\n" + first["source"]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        if cell["cell_type"] == "code":
            cell["execution_count"] = None
    return {
        **notebook,
        "cells": cells,
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "python3", "language": "python"},
            "language_info": {"name": "python"},
        },
    }
