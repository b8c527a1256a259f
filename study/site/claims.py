"""Directives that show claims: in tables, on cards, and line by line beside their source."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives

from study.errors import StudyError
from study.record.claims import Kind, Verdict, band_from_json
from study.record.estimates import formatted, in_powers, shortened
from study.record.margins import Margins, margins
from study.record.results import PERCENTILE, Run
from study.record.retired import RETIRED, Retired
from study.site.cards import measured
from study.site.from_results import FromResults
from study.site.library import Library, choices
from study.site.nodes import Cell, badge, chosen, code, judged, paragraph, table
from study.theory.sources import THIS_STUDY, WORKS


class ClaimTable(FromResults):
    """``claim-table [name]``: the claims of one experiment, of one work, or of all.

    The option ``claims`` picks some of them by their ids, for a page that tells a part of an
    experiment. With the option ``places``, which the data sheets have, old addresses of claims lead
    to the table.
    """

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "work": directives.unchanged_required,
        "claims": directives.unchanged_required,
        "places": directives.flag,
    }

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        runs = [self.chosen(library)] if self.arguments else self.use_all(library.reference)
        work = self.options.get("work")
        if work not in {None, *(entry.key for entry in WORKS)}:
            works = ", ".join(entry.key for entry in WORKS)
            raise StudyError(f"{work}: no such work; choose from {works}")
        ids = self._ids(runs)
        rows: list[list[Cell]] = [
            [
                [self._statement(claim)],
                judged(run, claim),
                measured(run, claim),
                *expected(claim),
                *([] if work else [claim["source"]["work"]["cited_as"]]),
            ]
            for run in runs
            for claim in run.judgements
            if work in {None, claim["source"]["work"]["key"]} and claim["id"] in ids
        ]
        headings = ("Claim", "Verdict", "Measured", "Predicted", "Accepted")
        yield table(headings if work else (*headings, "Source"), rows, classes="claims")
        if "places" in self.options:
            yield from map(self._tombstone, retired(runs))

    def _ids(self, runs: Iterable[Run]) -> set[str]:
        """Return the ids of the claims to show."""
        every = {claim["id"] for run in runs for claim in run.judgements}
        ids = set(self.options.get("claims", "").split()) or every
        for id_ in sorted(ids - every):
            raise StudyError(
                f"claims: {id_} is none of them; choose from {choices(id_, sorted(every))}"
            )
        return ids

    def _statement(self, claim: dict[str, Any]) -> Node:
        """Link a statement to the page of its claim; where it once had its card, be its place."""
        link = self.link("claim", claim["id"], nodes.Text(claim["statement"]))
        if "places" not in self.options:
            return link
        place = nodes.inline("", "", link, classes=["claim-place"])
        self.place_of_claim(place, claim["id"])
        return place

    def _tombstone(self, old: Retired) -> Node:
        """Lead from the old place of a retired id to its page."""
        link = self.link("claim", old.id, code(old.id))
        line = nodes.paragraph("", "", nodes.Text("Retired: "), link, classes=["claim-place"])
        self.place_of_claim(line, old.id, f"{old.id} (retired)")
        return line


def retired(runs: Iterable[Run]) -> Iterator[Retired]:
    """Yield the ids that are not used any more of some experiments."""
    names = {run.folder.name for run in runs}
    return (old for old in RETIRED if old.experiment in names)


class VerdictCounts(FromResults):
    """``verdict-counts``: how the quantities of each kind of claims were judged.

    Quantities are counted and not sentences: two claims on one number are one, and the number is
    listed under both of their verdicts. Findings and laws of others come first, and exploratory
    ones apart.
    """

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a table with a row for each kind there is."""
        verdicts: dict[str, dict[tuple[str, str], set[Verdict]]] = {}
        for run in self.use_all(library.reference):
            for claim in run.judgements:
                key = run.folder.name, claim["quantity"] or claim["id"]
                row = verdicts.setdefault(counted_as(run, claim), {})
                row.setdefault(key, set()).add(Verdict(claim["verdict"]))
        rows: list[list[Cell]] = []
        for kind in COUNTED:
            if kind in verdicts:
                counts = Counter(word for words in verdicts[kind].values() for word in words)
                rows.append([kind, str(len(verdicts[kind])), list(self._words(counts))])
        yield table(("Kind", "Quantities", "Verdicts"), rows, classes="counts")

    def _words(self, counts: Mapping[Verdict, int]) -> Iterator[Node]:
        """Yield how often each verdict occurs, with its badge."""
        for at, verdict in enumerate(verdict for verdict in Verdict if verdict in counts):
            yield nodes.Text(f"{', ' if at else ''}{counts[verdict]} ")
            yield badge(verdict)


OTHERS, OURS = "Findings and laws of others", "Findings and laws of this study"
KINDS = {
    Kind.IDENTITY: "Identities: definitions, arithmetic, forms of equations",
    Kind.PRINT: "Printed numbers of unseeded code",
    Kind.EXACT_PRINT: "Printed numbers of seeded or deterministic code",
    Kind.SOFTWARE: "What software does",
    Kind.ADVICE: "Advice",
}
WHEN = {
    "claim": ", set before any number on record",
    "numbers": ", exploratory",
    "none": ", without a history yet",
}
UNTESTED = "Statements without a verdict"
COUNTED = (
    *(author + when for author in (OTHERS, OURS) for when in WHEN.values()),
    *KINDS.values(),
    UNTESTED,
)
"""The rows in which claims are counted, in order."""


def counted_as(run: Run, claim: dict[str, Any]) -> str:
    """Name the row in which a claim is counted."""
    if claim["quantity"] is None:
        return UNTESTED
    if Kind(claim["kind"]) in KINDS:
        return KINDS[Kind(claim["kind"])]
    author = OURS if claim["source"]["work"]["key"] == THIS_STUDY.key else OTHERS
    return author + WHEN[first(run, claim)]


class VerdictMargins(FromResults):
    """``verdict-margins``: how many verdicts are wrong by chance, and how many a rerun changes."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a list with one sentence for each number."""
        runs = self.use_all(library.reference)
        numbers = margins(
            (run.values[claim["quantity"]], band_from_json(claim["band"]))
            for run in runs
            for claim in run.judgements
            if claim["quantity"] in run.values
        )
        items = nodes.bullet_list("")
        for sentence in chance(numbers):
            items += nodes.list_item("", *paragraph(nodes.Text(sentence)))
        yield items


def chance(odds: Margins) -> tuple[str, ...]:
    """Say in sentences what chance can have done to the verdicts."""
    ends = (
        f"If every true value lay on an end of its range, {odds.at_edges:.1f} of the "
        f"{odds.decided} would be wrong on average."
    )
    rerun = (
        f"In a rerun with other seeds {odds.changing:.1f} verdicts are expected to be others, "
        f"nearly all of them from decided to undecided or back; {odds.turning:.1g} of them would "
        "turn into their opposite."
    )
    return (
        f"Draws have decided {odds.decided} verdicts and left {odds.undecided} open.",
        ends,
        f"With the gaps that were measured, {odds.wrong:.2g} are expected to be wrong.",
        rerun,
    )


class VerdictTable(FromResults):
    """``verdict-table``: how the claims of each work were judged; how many are exploratory."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table; a work without a claim is left out."""
        runs = self.use_all(library.reference)
        counts = Counter(
            (claim["source"]["work"]["key"], claim["verdict"], run.exploratory(claim["id"]))
            for run in runs
            for claim in run.judgements
        )

        words = [verdict for verdict in Verdict if any(word == verdict for _, word, _ in counts)]

        def cell(key: str, verdict: Verdict) -> Cell:
            before, after = (counts[key, verdict, late] for late in (False, True))
            if not before + after:
                return "-"
            text = f"{before} + {after}" if after else str(before)
            choice = urlencode({"source": key, "verdict": verdict})
            return [chosen(choice, text, self.env.docname)]

        rows: list[list[Cell]] = [
            [
                [chosen(urlencode({"source": work.key}), work.cited_as, self.env.docname)],
                *(cell(work.key, verdict) for verdict in words),
            ]
            for work in WORKS
            if any(key == work.key for key, _, _ in counts)
        ]
        yield table(("Source", *(str(verdict) for verdict in words)), rows)


class SourceLines(FromResults):
    """``source-lines``: claims in the order of their source, one id in each line of the content."""

    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a table: what the source says, what was measured, the verdict, and why."""
        rows: list[list[Cell]] = []
        for id_ in filter(None, map(str.strip, self.content)):
            run, claim = library.claim(id_)
            self.use(run)
            remark = claim["remark"]
            if claim["quantity"] is None:
                remark = f"{claim['reason']} {remark}"
            explanation = self.linked(remark, library)
            if claim["derivation"]:
                explanation += [nodes.Text(" Derived in "), self.section(claim["derivation"])]
                explanation += [nodes.Text(".")]
            rows.append(
                [
                    [
                        self.link("claim", id_, nodes.Text(claim["statement"])),
                        nodes.inline("", f" {claim['source']['locator']}", classes=["where"]),
                    ],
                    self._given(run, claim),
                    judged(run, claim),
                    explanation,
                ]
            )
        yield table(("The note says", "Measured", "Verdict", "Why"), rows, classes="lines")

    def _given(self, run: Run, claim: dict[str, Any]) -> Cell:
        """Say what was measured; of a printed number, where it lies among the draws."""
        quantity = claim["quantity"]
        if quantity not in run.values:
            return "-"
        value = run.values[quantity]
        if not quantity.startswith(PERCENTILE):
            name = nodes.inline("", f" {quantity}", classes=["where"])
            return [self.value(run, quantity, formatted(value)), name]
        key = quantity.removeprefix(PERCENTILE)
        spread = run.values[key]
        typical = f"{spread.mean:.4g}, deviation {spread.deviation:.2g} over {spread.draws} draws"
        share = f"{100 * value.mean:.3g} ± {100 * value.half_width:.2g} %"
        return [
            self.value(run, key, typical),
            nodes.Text("; below the printed number in "),
            self.value(run, quantity, share),
            nodes.Text(" of them"),
        ]


def first(run: Run, claim: Mapping[str, Any]) -> str:
    """Say in a word what came first: the claim, numbers (it is exploratory), or that none can."""
    if claim["id"] not in run.origins:
        return "none"
    return "numbers" if run.exploratory(claim["id"]) else "claim"


def expected(claim: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the law gives and which range is accepted; dashes where nothing is."""
    if claim["quantity"] is None:
        return "-", "-"
    number = "-" if claim["prediction"] is None else in_powers(shortened(claim["prediction"]))
    return number, in_powers(str(band_from_json(claim["band"])))


DIRECTIVES = {
    "claim-table": ClaimTable,
    "verdict-counts": VerdictCounts,
    "verdict-margins": VerdictMargins,
    "verdict-table": VerdictTable,
    "source-lines": SourceLines,
}
