"""Build the site: python docs/build.py --output _docs. Warnings are errors; nothing is executed; the network is not used."""

import argparse
import csv
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from convert import Captions, convert, markdown, near, page_label, page_names, read, stage_captions, symbols

from graphseg.base.names import display_heading, display_value, known_names
from graphseg.study.checks import WING_TITLES, WINGS, headline, module_name, read_cells
from graphseg.base.report import STATUSES
from graphseg.study.code import code_digest, direct_imports, notebook_code

root = Path(__file__).resolve().parent.parent

OLD_RUN = ":::{note}\nThis copy was run before the last change of the notebook's code. `make repro` runs it again.\n:::"
NOT_RUN = ":::{note}\nThe notebook as written: it has not been run on this copy. `make repro` runs it.\n:::"


def main() -> int:
    "Write the pages to a scratch folder, run Sphinx, replace the site."
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--output", type=Path, default=Path("_docs"), help="folder of the finished site")
    output = (root / options.parse_args().output).resolve()
    work = root / "build" / f"pages-{output.name}"
    shutil.rmtree(work, ignore_errors=True)
    write_pages(work / "source")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        "html",
        "-W",
        "--keep-going",
        "-q",
        "-c",
        str(root / "docs"),
        "-d",
        str(work / "doctrees"),
        str(work / "source"),
        str(work / "html"),
    ]
    status = subprocess.run(command, cwd=work, env={**os.environ, "SOURCE_DATE_EPOCH": "0"}, check=False).returncode
    lacking = images_without_words(work / "html")
    print(f"{len(lacking)} pictures without a text that says what they show", *lacking[:9], sep="\n")
    if status or lacking:
        return status or 1
    shutil.rmtree(output, ignore_errors=True)
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(work / "html", output)
    for leftover in (".buildinfo", "objects.inv"):
        (output / leftover).unlink(missing_ok=True)
    pages = sum(1 for _ in output.rglob("*.html"))
    size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file()) / 1e6
    print(
        f"{pages} pages, {size:.1f} MB: {output.relative_to(root) if output.is_relative_to(root) else output}/index.html"
    )
    return 0


def images_without_words(folder: Path) -> list[str]:
    "Pictures of a built site whose alternative text is missing, empty or a file name."
    found = []
    for path in sorted(folder.rglob("*.html")):
        for tag in re.findall(r"<img\b[^>]*>", path.read_text(encoding="utf-8")):
            text = re.search(r'\balt="([^"]*)"', tag)
            if text is None or len(text[1].split()) < 2 or re.fullmatch(r"\S*\.(png|svg|jpe?g|gif)", text[1]):
                found.append(f"{path.relative_to(folder)}: {tag[:150]}")
    return found


def write_pages(source: Path) -> None:
    "Every page of the site as Markdown or notebook below `source`."
    source.mkdir(parents=True)
    library = [path for wing in (*WINGS, "") for path in sorted((root / "nbs" / wing).glob("[0-9][0-9]_*.ipynb"))]
    modules = {path: module_name(path.relative_to(root)) for path in library}
    known = symbols(modules)
    by_wing = {wing: page_names(modules.values(), wing) for wing in (*WINGS, "")}
    for path, module in modules.items():
        wing = module.rpartition(".")[0]
        text = convert(read(path), near(known, wing), by_wing[wing], module=module)
        write_notebook(source / "library" / wing / path.name, text)
    found = sorted((root / "nbs" / "stages").glob("*/[0-9][0-9]_*.ipynb"), key=lambda path: path.name)
    captions = stage_captions(found)
    lessons = {module: headline_of(path)[0] for path, module in modules.items()}
    stages = [write_stage(source, path, known, lessons) for path in found]
    links = {
        path.stem[3:]: (headline_of(path)[0], page_file(source, entry))
        for path, entry in zip(found, stages, strict=True)
    }
    chapters = [
        write_chapter(source, path, known, by_wing[""], captions, links)
        for path in sorted((root / "nbs" / "chapters").glob("*.ipynb"))
    ]
    wings = [
        (
            title,
            [
                f"library/{wing}/{path.stem}".replace("//", "/")
                for path in library
                if path.parent == root / "nbs" / wing
            ],
        )
        for wing, title in WING_TITLES.items()
    ]
    books = [(name, entries) for name, entries in [("Chapters", chapters), *wings, ("Stages", stages)] if entries]
    record = write_contents(source, books) + write_ledger(source, links) + write_texts(source)
    parts = [*books[:1], ("Record", record), *books[1:]]
    write_home(source, [(name, entries) for name, entries in parts if entries])


def headline_of(path: Path) -> tuple[str, str]:
    "Title and one line of a notebook."
    return headline([c.source for c in read_cells(path) if c.kind == "markdown"])


def page_file(source: Path, entry: str) -> str:
    "File of a page that is known by its place in the table of contents."
    return f"{entry}{'.ipynb' if (source / f'{entry}.ipynb').exists() else '.md'}"


def write_notebook(path: Path, notebook: dict) -> None:
    "Write one notebook page."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def write_home(source: Path, parts: list[tuple[str, list[str]]]) -> None:
    "README.md as the first page, with the site's table of contents."
    text = (root / "README.md").read_text(encoding="utf-8") if (root / "README.md").exists() else "# graphseg\n"
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)
    for target in sorted(
        set(re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", text)) | set(re.findall(r'src="(?!https?:)([^"]+)"', text))
    ):
        text = text.replace(f"({target})", f"({page_of(target, source)})").replace(
            f'src="{target}"', f'src="{page_of(target, source)}"'
        )
    text = re.sub(r"\[([^\]]+)\]\(\)", r"\1", text)
    trees = "\n".join(
        f"```{{toctree}}\n:hidden:\n:caption: {name}\n\n" + "\n".join(entries) + "\n```\n" for name, entries in parts
    )
    (source / "index.md").write_text(f"{text}\n\n{trees}", encoding="utf-8")


def page_of(target: str, source: Path) -> str:
    "Where a file that README links to stands on the site; empty if the site does not have it."
    path = root / target
    place = re.fullmatch(r"nbs/(stages/\w+|\w+/)?/?\d\d_\w+\.ipynb", target)
    kind = path.relative_to(root / "nbs").parts[0] if place else ""
    if kind in ("stages", "chapters"):
        found = sorted(source.glob(f"{kind}/{path.stem}.*"))
        return found[0].relative_to(source).as_posix() if found else ""
    if place:
        return f"library/{path.relative_to(root / 'nbs').as_posix()}"
    if target in ("CONTRIBUTING.md", "docs/ARCHITECTURE.md"):
        return f"{path.stem.lower()}.md"
    if path.suffix in (".png", ".svg") and path.exists():
        (source / "images").mkdir(exist_ok=True)
        shutil.copy(path, source / "images" / path.name)
        return f"images/{path.name}"
    return ""


def is_current(executed: Path, path: Path) -> bool:
    "Whether an executed copy ran the code that the notebook has now, apart from its parameters."

    def code(notebook):
        cells = [c for c in read(notebook)["cells"] if "injected-parameters" not in c["metadata"].get("tags", [])]
        return code_digest("\n".join(c["source"] for c in cells if c["cell_type"] == "code"))

    return code(executed) == code(path)


def page(
    path: Path,
    executed: Path,
    known: dict,
    pages: dict[str, str],
    note: str = "",
    title: str | None = None,
    captions: Captions | None = None,
    links: dict[str, tuple[str, str]] | None = None,
) -> dict:
    "The executed copy of a notebook, or the notebook as written with a note."
    has_run = executed.exists()
    notes = [] if not has_run or is_current(executed, path) else [OLD_RUN]
    notebook = convert(read(executed if has_run else path), known, pages, title=title, captions=captions, links=links)
    for text in filter(None, [note, *notes, "" if has_run else NOT_RUN]):
        notebook["cells"].insert(1, markdown(text) | {"id": f"note-{len(notebook['cells'])}"})
    return notebook


def write_chapter(
    source: Path, path: Path, known: dict, pages: dict[str, str], captions: Captions, links: dict[str, tuple[str, str]]
) -> str:
    "A chapter's page: the executed copy if its stage has run."
    executed = root / "results" / "write_chapters" / path.name
    write_notebook(source / "chapters" / path.name, page(path, executed, known, pages, captions=captions, links=links))
    return f"chapters/{path.stem}"


def lessons_behind(path: Path, lessons: dict[str, str]) -> str:
    "A line with links to the lessons that a stage imports."
    used = sorted(set(direct_imports(notebook_code(path))) & set(lessons))
    listed = ", ".join(f"[{lessons[module]}](#{page_label(module)})" for module in used)
    return f"Lessons behind this stage: {listed}."


def write_stage(source: Path, path: Path, known: dict, lessons: dict[str, str]) -> str:
    "Pages of one stage: the executed copies; the notebook as committed if there is none."
    name, (title, summary) = path.stem[3:], headline_of(path)
    executed = sorted((root / "results" / "notebooks" / name).glob("*.ipynb")) or sorted(
        (root / "results" / "notebooks").glob(f"{name}.ipynb")
    )
    behind = lessons_behind(path, lessons)
    if len(executed) < 2:
        text = page(path, (executed or [root / "absent"])[0], known, {}, behind)
        write_notebook(source / "stages" / path.name, text)
        return f"stages/{path.stem}"
    entries = []
    for copy in executed:
        label = run_label(copy.stem)
        text = page(path, copy, known, {}, behind, title=f"{title}: {label}")
        write_notebook(source / "stages" / path.stem / copy.name, text)
        entries.append(f"{label} <{path.stem}/{copy.stem}>")
    listed = "\n".join(f"- [{entry.split(' <')[0]}]({entry.split(' <')[1][:-1]}.ipynb)" for entry in entries)
    where = path.relative_to(root)
    text = f"# {title}\n\n> {summary}\n\n{behind}\n\nExecuted copies of `{where}`, one per run:\n\n{listed}\n\n"
    (source / "stages" / f"{path.stem}.md").write_text(
        text + "```{toctree}\n:hidden:\n\n" + "\n".join(entries) + "\n```\n", encoding="utf-8"
    )
    return f"stages/{path.stem}"


def run_label(stem: str) -> str:
    "Name of a run for people: phantoms_north-pca-seed0 is the run of PCA on North phantoms with seed 0."
    names = known_names("cohort") | known_names("model")
    return "; ".join(names.get(part, re.sub(r"^seed", "seed ", part)) for part in stem.split("-"))


def write_texts(source: Path) -> list[str]:
    "The pages for contributors, with their links."
    written = []
    for path in (root / "docs" / "ARCHITECTURE.md", root / "CONTRIBUTING.md"):
        if not path.exists():
            continue
        (source / f"{path.stem.lower()}.md").write_text(
            relink(path.read_text(encoding="utf-8"), source), encoding="utf-8"
        )
        written.append(path.stem.lower())
    return written


def relink(text: str, source: Path) -> str:
    "A text of the repository with links to the pages of the site; links to other files become plain words."

    def link(match):
        page = page_of(match[2].removeprefix("../"), source)
        return f"[{match[1]}]({page})" if page else match[1]

    return re.sub(r"\[([^\]]+)\]\((?!https?:|#)([^)\s]+)\)", link, text)


def write_contents(source: Path, parts: list[tuple[str, list[str]]]) -> list[str]:
    "Every notebook of the site with its one line."
    blocks = []
    for name, entries in parts:
        rows = []
        for entry in entries:
            found = [
                path
                for path in (root / "nbs").rglob(f"{Path(entry).name}.ipynb")
                if "library" not in entry or entry.endswith(str(path.relative_to(root / "nbs").with_suffix("")))
            ]
            title, summary = headline([c.source for c in read_cells(found[0]) if c.kind == "markdown"])
            rows.append(f"- [{title}]({entry}{'.ipynb' if (source / f'{entry}.ipynb').exists() else '.md'}): {summary}")
        blocks.append(f"## {name}\n\n" + "\n".join(rows))
    (source / "contents.md").write_text("# All notebooks\n\n" + "\n\n".join(blocks) + "\n", encoding="utf-8")
    return ["contents"]


def write_ledger(source: Path, links: dict[str, tuple[str, str]]) -> list[str]:
    "The ledger as one page: a count per publication and status, then every row, folded per publication."
    path = root / "results" / "ledger" / "ledger.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    tables = list(dict.fromkeys(row["source_table"] for row in rows))
    counts = Counter((row["source_table"], row["status"]) for row in rows)
    present = [s for s in STATUSES if any(key[1] == s for key in counts)] + sorted(
        {row["status"] for row in rows} - set(STATUSES)
    )

    def line(values):
        return "| " + " | ".join(map(str, values)) + " |"

    summary = [line(["publication and table", *present, "all"]), line(["---", *["--:"] * (len(present) + 1)])]
    summary += [
        line([name, *[counts[name, s] or "" for s in present], sum(counts[name, s] for s in present)])
        for name in tables
    ]
    summary.append(
        line(["**all**", *[f"**{sum(counts[t, s] for t in tables)}**" for s in present], f"**{len(rows)}**"])
    )
    blocks = "\n\n".join(
        ledger_block(name, [row for row in rows if row["source_table"] == name], links) for name in tables
    )
    text = (root / "docs" / "ledger.md").read_text(encoding="utf-8")
    verdicts = publication_verdicts(path.with_name("publications.csv"))
    for name, part in {"verdicts": verdicts, "summary": "\n".join(summary), "rows": blocks}.items():
        text = text.replace("{{" + name + "}}", part)
    (source / "ledger.md").write_text(text, encoding="utf-8")
    return ["ledger"]


def publication_verdicts(path: Path) -> str:
    "The tested statements of each publication, counted by verdict, as Markdown."
    if not path.exists():
        return "The verdicts are written by `make repro`."
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    head, *body = [[display_value(cell, "publication") for cell in row] for row in rows]
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ledger_block(name: str, rows: list[dict[str, str]], links: dict[str, tuple[str, str]]) -> str:
    "One publication's rows as a folded table."
    columns = [
        c
        for c in ("system", "dataset", "structure", "metric", "published", "ours", "n", "status", "stage", "note")
        if any(r.get(c) for r in rows)
    ]

    def cell(row, column):
        text = html.escape(display_value(row.get(column) or "", "metric" if column == "metric" else ""))
        if column == "status":
            return f'<td><span class="status status-{text.replace(" ", "-")}">{text}</span></td>'
        if column == "stage" and row.get(column) in links:
            title, place = links[row[column]]
            return f'<td><a href="{Path(place).with_suffix(".html")}">{html.escape(title)}</a></td>'
        return f'<td class="number">{text}</td>' if column in ("published", "ours", "n") else f"<td>{text}</td>"

    head = "".join(f"<th>{display_heading(c)}</th>" for c in columns)
    body = "\n".join("<tr>" + "".join(cell(row, c) for c in columns) + "</tr>" for row in rows)
    return (
        f"```{{raw}} html\n<details><summary>{html.escape(name)} ({len(rows)})</summary>\n"
        f'<table class="ledger"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></details>\n```'
    )


if __name__ == "__main__":
    sys.exit(main())
