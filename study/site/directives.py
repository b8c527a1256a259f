"""Directives: tables and figures made from stored results."""

import os
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from study import __version__
from study.errors import StudyError
from study.record.claims import Verdict
from study.record.comparison import compare, differences
from study.record.estimates import formatted
from study.record.results import Run
from study.site.library import Library, dependencies, load
from study.site.nodes import Cell, badge, code, command, link, table
from study.site.roles import value_label
from study.theory.sources import WORKS

RERUN = "nox -s run -- experiment={name}"
REDRAW = "nox -s draw -- {name}"


class FromResults(SphinxDirective):
    """A directive that shows stored results; a wrong name is an error with file and line."""

    def run(self) -> list[Node]:
        """Make the nodes, or report what was not found."""
        try:
            return list(self.make(load(Path(self.env.srcdir, self.config.study_root))))
        except StudyError as error:
            raise self.error(f"{self.name}: {error}") from None

    @abstractmethod
    def make(self, library: Library) -> Iterator[Node]:
        """Yield what the page is to show."""

    def use(self, run: Run) -> Run:
        """Note that this page depends on a run, and return the run."""
        for path in dependencies(run):
            self.env.note_dependency(path)
        return run

    def chosen(self, library: Library) -> Run:
        """Return the run that the directive's argument names."""
        return self.use(library.run(self.arguments[0]))

    def link(self, target: str, *content: Node) -> Node:
        """Link to a label from this page."""
        return link(target, *content, docname=self.env.docname)

    def relative(self, path: Path) -> str:
        """Return the way from this page's source to a file."""
        return os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)

    def download(self, path: Path) -> Node:
        """Offer a file for download, by its name."""
        target = self.relative(path)
        return addnodes.download_reference(
            "", "", code(path.name), reftarget=target, refdoc=self.env.docname
        )

    def label(self, node: nodes.Element, target: str, title: str) -> None:
        """Make a node the target of links to a label."""
        node["ids"].append(target)
        standard = self.env.domains.standard_domain
        standard.labels[target.lower()] = (self.env.docname, target, title)
        standard.anonlabels[target.lower()] = (self.env.docname, target)


class ClaimTable(FromResults):
    """``claim-table``: the claims of one experiment, or of all, with their verdicts."""

    optional_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        every = map(self.use, library.reference.values())
        runs = [self.chosen(library)] if self.arguments else every
        rows: list[list[Cell]] = [
            [
                [self.link(claim["id"], nodes.Text(claim["statement"]))],
                [badge(claim["verdict"])],
                formatted(run.values.get(claim["quantity"])),
                f"{claim['prediction']:.4g}",
                claim["source"]["work"]["cited_as"],
            ]
            for run in runs
            for claim in run.judgements
        ]
        yield table(("Claim", "Verdict", "Measured", "Predicted", "Source"), rows, classes="claims")


class VerdictCounts(FromResults):
    """``verdict-counts``: how many claims there are, and how they were judged."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield one paragraph."""
        runs = [self.use(run) for run in library.reference.values()]
        counts = Counter(claim["verdict"] for run in runs for claim in run.judgements)
        paragraph = nodes.paragraph("", f"{counts.total()} claims so far: ")
        for at, verdict in enumerate(verdict for verdict in Verdict if counts[verdict]):
            paragraph += [nodes.Text(f"{', ' if at else ''}{counts[verdict]} "), badge(verdict)]
        paragraph += nodes.Text(".")
        yield paragraph


class ClaimCards(FromResults):
    """``claim-cards name``: everything about each claim of an experiment, each with an anchor."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a section per claim."""
        run = self.chosen(library)
        committed = run.folder.name in library.reference
        for claim in run.judgements:
            section = nodes.section(classes=["claim"])
            self.label(section, claim["id"], claim["statement"])
            section += nodes.title("", claim["statement"])
            section += _fields(self._fields(run, claim, committed=committed))
            yield section

    def _fields(
        self, run: Run, claim: dict[str, Any], *, committed: bool
    ) -> Iterator[tuple[str, list[Node]]]:
        work, band = claim["source"]["work"], claim["band"]
        name, measured = run.folder.name, formatted(run.values.get(claim["quantity"]))
        yield "Id", _paragraph(self.link(claim["id"], code(claim["id"])))
        yield "Verdict", _paragraph(badge(claim["verdict"]))
        yield (
            "Measured",
            _paragraph(
                self.link(value_label(run, claim["quantity"]), nodes.Text(measured)),
                nodes.Text(f" ({run.values[claim['quantity']].draws} draws, data {run.data})")
                if claim["quantity"] in run.values
                else nodes.Text(""),
            ),
        )
        yield (
            "Predicted",
            _paragraph(
                nodes.Text(
                    f"{claim['prediction']:.6g}; reproduced if the whole interval lies within "
                    f"[{band['low']:.6g}, {band['high']:.6g}]"
                )
            ),
        )
        yield "Reason for the band", _paragraph(nodes.Text(claim["reason"]))
        source = f"{work['cited_as']}, {claim['source']['locator']}"
        yield "Source", _paragraph(self.link(f"source-{work['key']}", nodes.Text(source)))
        yield "What departs", _paragraph(nodes.Text(claim["departure"]))
        yield "Remark", _paragraph(nodes.Text(claim["remark"]))
        fault = claim["fault"]
        changes = " ".join(f"experiment.{key}={to:g}" for key, to in fault["overrides"].items())
        yield (
            "What would change the verdict",
            [
                *_paragraph(nodes.Text(fault["description"])),
                command(f"{RERUN.format(name=name)} scale=quick {changes}"),
            ],
        )
        if not committed:
            return
        version = f"Signal Through Depth {__version__}, claim {claim['id']}"
        yield (
            "To cite",
            _paragraph(
                nodes.Text(f"{version}: {claim['verdict']}, {measured} (commit "),
                code(run.provenance["commit"][:12]),
                nodes.Text(")."),
            ),
        )


class ResultFigure(FromResults):
    """``result-figure name:figure``: a figure with its caption, data, code and command."""

    required_arguments = 1
    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the figure."""
        name, _, which = self.arguments[0].partition(":")
        run = self.use(library.run(name))
        if which not in run.figures:
            choices = ", ".join(run.figures)
            raise StudyError(f"{which}: no such figure of {name}; choose from {choices}")
        yield from self.figure(run, which, " ".join(self.content))

    def figure(self, run: Run, which: str, caption: str) -> Iterator[Node]:
        """Yield one figure of two images, one for light pages and one for dark ones."""
        name = run.folder.name
        figure = nodes.figure(classes=["result"])
        self.label(figure, nodes.make_id(f"{self.env.docname}-{which}"), which)
        for mode in ("light", "dark"):
            path = run.folder / "figures" / f"{which}.{mode}.svg"
            self.env.note_dependency(path)
            figure += nodes.image(
                uri=self.relative(path), alt=run.figures[which], classes=[f"only-{mode}"]
            )
        text, messages = self.parse_inline(caption, lineno=self.content_offset)
        if text:
            figure += nodes.caption("", "", *text)
        links = nodes.paragraph(classes=["figure-links"])
        files = [*(run.folder / f"{table}.csv" for table in run.tables), run.folder / "values.json"]
        links += [nodes.Text("Data: "), *_joined([self.download(path) for path in files])]
        for part in ("code", "settings", "provenance"):
            links += [nodes.Text(" · "), self.link(f"{name}-{part}", nodes.Text(part.capitalize()))]
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
        for which, text in run.figures.items():
            yield from self.figure(run, which, text)


class ValueTable(FromResults):
    """``value-table name``: every value of a run, each with an anchor."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        run = self.chosen(library)
        rows: list[list[Cell]] = []
        for key, value in run.values.items():
            anchor = code(key)
            self.label(anchor, value_label(run, key), key)
            rows.append([[anchor], formatted(value), str(value.draws)])
        yield table(("Value", "Mean and half width", "Draws"), rows)


class SettingTable(FromResults):
    """``setting-table name``: the settings of a run, by dotted name."""

    required_arguments = 1
    part = "settings"

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        content = getattr(self.chosen(library), self.part)
        rows: list[list[Cell]] = [[[code(field)], value] for field, value in _flat(content)]
        yield table(("Name", "Value"), rows)


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
        items = (nodes.list_item("", *_paragraph(self.download(path))) for path in files)
        yield nodes.bullet_list("", *items)


class RunNote(FromResults):
    """``run-note name``: which run the page shows, and what it is worth."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield one paragraph; a warning if the run is not a committed reference."""
        run = self.chosen(library)
        what = f"of {run.settings['scale']} size, data {run.data}."
        if run.folder.name in library.reference:
            yield nodes.paragraph("", f"Shown is the committed reference run, {what}")
        else:
            text = f"No reference is committed. Shown is your own run, {what} Do not cite it."
            yield nodes.warning("", *_paragraph(nodes.Text(text)))


class RerunComparison(FromResults):
    """``rerun-comparison [name]``: the reader's own runs beside the reference."""

    optional_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a table for each run there is, or how to make one."""
        for name in self.arguments or library.runs:
            reference = self.use(library.run(name))
            mine = library.latest.get(name)
            # Also where it is not there yet: the page is read again once it is.
            self.env.note_dependency(library.root / "outputs" / "latest" / name / "claims.json")
            if mine is None or mine is reference:
                yield nodes.paragraph("", f"There is no run of yours of {name}. To make one:")
                yield command(RERUN.format(name=name))
                continue
            rows: list[list[Cell]] = [
                [
                    [self.link(row.claim, code(row.claim))],
                    formatted(row.value),
                    [badge(row.verdict)],
                    formatted(row.reference),
                    [badge(row.reference_verdict)] if row.reference_verdict else "none",
                    row.agreement or "-",
                ]
                for row in compare(mine, reference)
            ]
            told = "in the same setting, so numbers are compared as well as verdicts."
            if found := differences(mine, reference):
                told = f"in another setting, so only verdicts are compared: {'; '.join(found)}."
            yield nodes.paragraph("", f"Your run of {name}, {told}")
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
                "", *_paragraph(nodes.Text(f"{work.authors}. "), title, published)
            )
            self.label(item, f"source-{work.key}", work.title)
            items.append(item)
        yield nodes.bullet_list("", *items)


def _paragraph(*content: Node) -> list[Node]:
    return [nodes.paragraph("", "", *content)]


def _fields(pairs: Iterator[tuple[str, list[Node]]]) -> nodes.definition_list:
    """Return names and their contents as a list of definitions."""
    result = nodes.definition_list(classes=["fields"])
    for name, content in pairs:
        term, definition = nodes.term("", name), nodes.definition("", *content)
        result += nodes.definition_list_item("", term, definition)
    return result


def _joined(items: list[Node]) -> list[Node]:
    """Return items with commas between them."""
    return [node for item in items for node in (nodes.Text(", "), item)][1:]


def _flat(content: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Yield the leaves of nested mappings by dotted path."""
    if not isinstance(content, dict):
        yield path, str(content)
        return
    for key, value in content.items():
        yield from _flat(value, f"{path}.{key}" if path else key)


DIRECTIVES = {
    "claim-table": ClaimTable,
    "verdict-counts": VerdictCounts,
    "claim-cards": ClaimCards,
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
