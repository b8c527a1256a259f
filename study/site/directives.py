"""Directives that show runs: figures, values, settings, files, and a rerun beside its reference."""

import ast
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes

from study.errors import StudyError
from study.record.comparison import compare, differences
from study.record.estimates import formatted
from study.record.results import Run, images
from study.site.cards import RERUN
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, badge, code, command, paragraph, table
from study.site.pictures import picture
from study.theory.sources import WORKS

REDRAW = "nox -s draw -- {name}"


class ResultFigure(FromResults):
    """``result-figure name:figure``: a figure with its caption, data, code and command."""

    required_arguments = 1
    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the figure."""
        name, _, drawing = self.arguments[0].partition(":")
        run = self.use(library.run(name))
        if drawing not in run.figures:
            choices = ", ".join(run.figures)
            raise StudyError(f"{drawing}: no such figure of {name}; choose from {choices}")
        yield from self.figure(run, drawing, " ".join(self.content))

    def figure(self, run: Run, drawing: str, caption: str) -> Iterator[Node]:
        """Yield a figure: its picture, its caption, and where all of it comes from."""
        name = run.folder.name
        figure = nodes.figure(classes=["result"])
        figure["names"].append(nodes.make_id(f"{self.env.docname}-{drawing}"))
        self.state.document.note_implicit_target(figure)
        figure["shows"] = f"{name}:{drawing}"
        path = run.folder / "figures" / f"{drawing}.svg"
        self.env.note_dependency(path)
        figure += picture(path=str(path), alt=run.figures[drawing], prefix=figure["ids"][0])
        text, messages = self.parse_inline(caption, lineno=self.content_offset)
        if text:
            figure += nodes.caption("", "", *text)
        links = nodes.paragraph(classes=["figure-links"])
        files = [*(run.folder / f"{table}.csv" for table in run.tables), run.folder / "values.json"]
        links += [nodes.Text("Data: "), *_joined([self.download(path) for path in files])]
        for part in ("code", "settings", "provenance"):
            links += [nodes.Text(" · "), self.section(f"{name}-{part}", part.capitalize())]
        links += [nodes.Text(" · Redraw: "), code(REDRAW.format(name=name))]
        links += [nodes.Text(" · Rerun: "), code(RERUN.format(name=name))]
        figure += nodes.legend("", links)
        yield figure
        yield from messages


class AllFigures(ResultFigure):
    """``all-figures name``: every figure of an experiment, captioned by what one sees."""

    has_content = False

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the figures."""
        run = self.chosen(library)
        for drawing, text in run.figures.items():
            yield from self.figure(run, drawing, text)


class SourceCode(FromResults):
    """``source-code module:name``: a function or class as it runs, without its docstrings.

    What is left out is a click away, in the API pages.
    """

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the code and a link to its documentation."""
        module, _, name = self.arguments[0].partition(":")
        path = library.root / f"{module.replace('.', '/')}.py"
        if not path.is_file():
            raise StudyError(f"{module}: no such module")
        self.env.note_dependency(path)
        text = without_docstrings(path.read_text(encoding="utf-8"), name)
        if text is None:
            raise StudyError(f"{name}: not in {module}")
        yield nodes.literal_block(text, text, language="python")
        note = nodes.paragraph("", "From ", classes=["figure-links"])
        note += self.whereabouts(module, f"{module}.{name}")
        yield note

    def whereabouts(self, module: str, full: str) -> list[Node]:
        """Link to where the whole of it is: an experiment's sheet, or the pages of the API."""
        parts = module.split(".")
        if parts[:2] == ["study", "experiments"] and len(parts) == 5:
            sheet = f"{parts[3]}-code"
            return [
                nodes.literal("", "", self.section(sheet, full)),
                nodes.Text(", which is shown as a whole there."),
            ]
        documented = addnodes.pending_xref(
            "",
            code(full),
            refdoc=self.env.docname,
            refdomain="py",
            reftype="obj",
            reftarget=full,
            refwarn=True,
        )
        return [documented, nodes.Text(", where it is documented.")]


def without_docstrings(source: str, name: str) -> str | None:
    """Return the source of a function or class of a module, without any docstring in it.

    Args:
        source: the module's text.
        name: what is defined at its top, or with a dot what is defined in that.

    Returns:
        The lines, or None if nothing of this name is there.
    """
    kinds = (ast.FunctionDef, ast.ClassDef)
    node: ast.AST | None = ast.parse(source)
    for part in name.split("."):
        inside = [x for x in getattr(node, "body", []) if isinstance(x, kinds)]
        node = next((x for x in inside if x.name == part), None)
    if not isinstance(node, kinds):
        return None
    lines = source.splitlines()
    dropped: set[int] = set()
    for inner in ast.walk(node):
        if isinstance(inner, kinds) and ast.get_docstring(inner) is not None:
            end = inner.body[0].end_lineno or 0
            blank = end < len(lines) and not lines[end].strip()
            dropped |= set(range(inner.body[0].lineno, end + 1 + blank))
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    numbered = enumerate(lines[first - 1 : node.end_lineno], start=first)
    return dedent("\n".join(line for number, line in numbered if number not in dropped))


class ValueTable(FromResults):
    """``value-table name``: every value of a run, each with an anchor."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        run = self.chosen(library)
        rows: list[list[Cell]] = []
        for key, value in run.values.items():
            anchor = code(key)
            name = f"{run.folder.name}:{key}"
            self.target(anchor, "value", name, nodes.make_id(name), formatted(value))
            rows.append([[anchor], formatted(value), str(value.draws)])
        yield table(("Value", "Mean and half width", "Draws"), rows)


class SettingTable(FromResults):
    """``setting-table name``: the settings of a run, by dotted name."""

    required_arguments = 1
    part = "settings"

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        content = getattr(self.chosen(library), self.part)
        rows: list[list[Cell]] = [[[code(field)], value] for field, value in flat(content)]
        yield table(("Name", "Value"), rows, classes="settings")


class ProvenanceTable(SettingTable):
    """``provenance-table name``: how and with what a run was made, by dotted name."""

    part = "provenance"


class FileList(FromResults):
    """``file-list name``: every text file of a run, to download."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the list."""
        run = self.chosen(library)
        files = [path for path in sorted(run.folder.iterdir()) if path.suffix in {".csv", ".json"}]
        items = (nodes.list_item("", *paragraph(self.download(path))) for path in files)
        yield nodes.bullet_list("", *items)


class RunNote(FromResults):
    """``run-note name``: which run the page shows, and what it is worth."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield one paragraph; a warning if the run is not a committed reference.

        It heads the data sheet, which is the place of the experiment.
        """
        run = self.chosen(library)
        description = f"of {run.settings['scale']} size, data {images(run)}."
        if run.folder.name in library.reference:
            note: nodes.Element = nodes.paragraph(
                "", f"Shown is the committed reference run, {description}"
            )
        else:
            text = (
                f"No reference is committed. Shown is your own run, {description} Do not cite it."
            )
            note = nodes.warning("", *paragraph(nodes.Text(text)))
        self.target(note, "experiment", run.folder.name)
        yield note


class RerunComparison(FromResults):
    """``rerun-comparison [name]``: the reader's own runs beside the reference."""

    optional_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a table for each run there is, or how to make one."""
        for reference in [self.chosen(library)] if self.arguments else self.use_all(library.runs):
            name = reference.folder.name
            latest = library.latest.get(name)
            if latest is None or latest is reference:
                yield nodes.paragraph("", f"There is no run of yours of {name}. To make one:")
                yield command(RERUN.format(name=name))
                continue
            rows: list[list[Cell]] = [
                [
                    [self.link("claim", row.claim, code(row.claim))],
                    formatted(row.value),
                    [badge(row.verdict)],
                    formatted(row.reference),
                    [badge(row.reference_verdict)] if row.reference_verdict else "none",
                    row.agreement or "-",
                ]
                for row in compare(latest, reference)
            ]
            note = "in the same setting, so numbers are compared as well as verdicts."
            if changes := differences(latest, reference):
                note = f"in another setting, so only verdicts are compared: {'; '.join(changes)}."
            yield nodes.paragraph("", f"Your run of {name}, {note}")
            headings = ("Claim", "Yours", "Verdict", "Reference", "Its verdict", "Agrees")
            yield table(headings, rows)


class SourceList(FromResults):
    """``source-list``: the papers and notes whose claims are tested."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the list."""
        del library
        items = []
        for work in WORKS:
            title, published = nodes.emphasis("", work.title), nodes.Text(f". {work.published}.")
            item = nodes.list_item(
                "", *paragraph(nodes.Text(f"{work.authors}. "), title, published)
            )
            self.target(item, "work", work.key, f"source-{work.key}")
            items.append(item)
        yield nodes.bullet_list("", *items)


def _joined(items: list[Node]) -> list[Node]:
    """Return items with commas between them."""
    return [node for item in items for node in (nodes.Text(", "), item)][1:]


def flat(content: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the leaves of nested mappings by dotted path.

    >>> list(flat({"width": 8, "arms": {"one": {"gain": 2.0}}}))
    [('width', '8'), ('arms.one.gain', '2.0')]
    """
    if not isinstance(content, dict):
        yield path, str(content)
        return
    for key, value in content.items():
        yield from flat(value, f"{path}.{key}" if path else key)


DIRECTIVES = {
    "source-code": SourceCode,
    "result-figure": ResultFigure,
    "all-figures": AllFigures,
    "value-table": ValueTable,
    "setting-table": SettingTable,
    "provenance-table": ProvenanceTable,
    "file-list": FileList,
    "run-note": RunNote,
    "rerun-comparison": RerunComparison,
    "source-list": SourceList,
}
