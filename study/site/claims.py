"""Directives that show claims: in tables, on cards, and line by line beside their source."""

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives

from study import __version__
from study.errors import StudyError
from study.record.claims import Verdict
from study.record.estimates import formatted, shortened
from study.record.origins import Origin
from study.record.results import PERCENTILE, Run, estimate_from_json
from study.site.from_results import RERUN, FromResults
from study.site.library import Library
from study.site.nodes import (
    Cell,
    badge,
    code,
    command,
    definitions,
    exploratory,
    judged,
    paragraph,
    table,
)
from study.theory.sources import WORKS


class ClaimTable(FromResults):
    """``claim-table [name]``: the claims of one experiment, of one work, or of all."""

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"work": directives.unchanged_required}

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        runs = [self.chosen(library)] if self.arguments else self.use_all(library.reference)
        work = self.options.get("work")
        if work not in {None, *(known.key for known in WORKS)}:
            choices = ", ".join(known.key for known in WORKS)
            raise StudyError(f"{work}: no such work; choose from {choices}")
        rows: list[list[Cell]] = [
            [
                [self.link("claim", claim["id"], nodes.Text(claim["statement"]))],
                judged(run, claim),
                measured(run, claim),
                predicted(claim),
                claim["source"]["work"]["cited_as"],
            ]
            for run in runs
            for claim in run.judgements
            if work in {None, claim["source"]["work"]["key"]}
        ]
        yield table(("Claim", "Verdict", "Measured", "Predicted", "Source"), rows, classes="claims")


class VerdictCounts(FromResults):
    """``verdict-counts``: how many claims there are, and how they were judged.

    Exploratory ones are counted apart.
    """

    def make(self, library: Library) -> Iterator[Node]:
        """Yield one paragraph for each kind there is."""
        runs = self.use_all(library.reference)
        counts = Counter(
            (first(run, claim), claim["verdict"]) for run in runs for claim in run.judgements
        )
        yield nodes.paragraph("", f"{counts.total()} claims so far.")
        for kind, start in (
            ("claim", "Set before any number of it on record: "),
            ("numbers", ": "),
            ("none", "Without a band, or without a history yet: "),
        ):
            if any(of == kind for of, _ in counts):
                line = self._line(start, {of: n for (k, of), n in counts.items() if k == kind})
                if kind == "numbers":
                    line.insert(0, exploratory(self.section("what-came-first", "exploratory")))
                yield line

    def _line(self, start: str, counts: dict[str, int]) -> nodes.paragraph:
        """Return a sentence that lists the verdicts of one kind of claims."""
        line = nodes.paragraph("", start)
        for at, verdict in enumerate(verdict for verdict in Verdict if verdict in counts):
            line += [nodes.Text(f"{', ' if at else ''}{counts[verdict]} "), badge(verdict)]
        line += nodes.Text(".")
        return line


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

        def cell(key: str, verdict: Verdict) -> str:
            before, after = (counts[key, verdict, late] for late in (False, True))
            return f"{before} + {after}" if after else str(before or "-")

        rows: list[list[Cell]] = [
            [
                [self.section(f"claims-of-{work.key}", work.cited_as)],
                *(cell(work.key, verdict) for verdict in Verdict),
            ]
            for work in WORKS
            if any(key == work.key for key, _, _ in counts)
        ]
        yield table(("Source", *(str(verdict) for verdict in Verdict)), rows)


class SourceLines(FromResults):
    """``source-lines``: claims in the order of their source, one id in each line of the content."""

    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a table: what the source says, what was measured, the verdict, and why."""
        rows: list[list[Cell]] = []
        for id_ in filter(None, map(str.strip, self.content)):
            run, claim = library.claim(id_)
            self.use(run)
            told = claim["remark"]
            if claim["quantity"] is None:
                told = f"{claim['reason']} {told}"
            why = self.linked(told, library)
            if claim["derivation"]:
                why += [nodes.Text(" Derived in "), self.section(claim["derivation"])]
                why += [nodes.Text(".")]
            rows.append(
                [
                    [
                        self.link("claim", id_, nodes.Text(claim["statement"])),
                        nodes.inline("", f" {claim['source']['locator']}", classes=["where"]),
                    ],
                    self._given(run, claim),
                    judged(run, claim),
                    why,
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
            return [self._value(run, quantity, formatted(value)), name]
        drawn = quantity.removeprefix(PERCENTILE)
        spread = run.values[drawn]
        typical = f"{spread.mean:.4g}, deviation {spread.deviation:.2g} over {spread.draws} draws"
        share = f"{100 * value.mean:.3g} ± {100 * value.half_width:.2g} %"
        return [
            self._value(run, drawn, typical),
            nodes.Text("; below the printed number in "),
            self._value(run, quantity, share),
            nodes.Text(" of them"),
        ]

    def _value(self, run: Run, key: str, text: str) -> Node:
        return self.link("value", f"{run.folder.name}:{key}", nodes.Text(text))


class ClaimCards(FromResults):
    """``claim-cards name``: everything about each claim of an experiment, each with an anchor."""

    required_arguments = 1

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a section per claim."""
        run = self.chosen(library)
        committed = run.folder.name in library.reference
        for claim in run.judgements:
            section = nodes.section(classes=["claim"])
            self.target(section, "claim", claim["id"], claim["id"])
            section += nodes.title("", claim["statement"])
            parts = [self._common(run, claim, library), self._judged(run, claim)]
            if committed:
                parts += [self._first(run, claim), self._citation(run, claim)]
            section += definitions(chain(*parts))
            yield section

    def _common(
        self, run: Run, claim: dict[str, Any], library: Library
    ) -> Iterator[tuple[str, list[Node]]]:
        work = claim["source"]["work"]
        yield "Id", paragraph(self.link("claim", claim["id"], code(claim["id"])))
        yield "Verdict", paragraph(*judged(run, claim))
        source = f"{work['cited_as']}, {claim['source']['locator']}"
        yield "Source", paragraph(self.link("work", work["key"], nodes.Text(source)))
        yield "Remark", paragraph(*self.linked(claim["remark"], library))
        if claim["derivation"]:
            yield "Derivation", paragraph(self.section(claim["derivation"]))

    def _judged(self, run: Run, claim: dict[str, Any]) -> Iterator[tuple[str, list[Node]]]:
        if claim["quantity"] is None:
            yield "Why there is no verdict", paragraph(nodes.Text(claim["reason"]))
            return
        band, value = claim["band"], run.values.get(claim["quantity"])
        shown: list[Node] = [nodes.Text(measured(run, claim))]
        if value is not None:
            shown = [self.link("value", f"{run.folder.name}:{claim['quantity']}", *shown)]
            made = "no draw touches it" if value.exact else f"{value.draws} draws"
            shown += [nodes.Text(f" ({made}, data {run.data})")]
        yield "Measured", paragraph(*shown)
        yield (
            "Predicted",
            paragraph(
                nodes.Text(
                    f"{claim['prediction']:.6g}; reproduced if the whole interval lies within "
                    f"[{band['low']:.6g}, {band['high']:.6g}]"
                )
            ),
        )
        yield "Reason for the band", paragraph(nodes.Text(claim["reason"]))
        yield "What departs", paragraph(nodes.Text(claim["departure"] or "Nothing."))
        control = claim["control"]
        settings = control["overrides"].items()
        changes = " ".join(f"experiment.{key}={as_override(to)}" for key, to in settings)
        yield (
            "Negative control",
            [
                *paragraph(nodes.Text(control["change"])),
                command(f"{RERUN.format(name=run.folder.name)} scale=quick {changes}"),
            ],
        )

    def _first(self, run: Run, claim: dict[str, Any]) -> Iterator[tuple[str, list[Node]]]:
        """Say whether the claim came first, or numbers of what it judges."""
        origin = run.origins.get(claim["id"])
        if origin is not None:
            kind = self.section("what-came-first", what_came_first(origin))
            facts = [nodes.list_item("", *paragraph(nodes.Text(one))) for one in past(origin)]
            yield "What came first", [*paragraph(kind), nodes.bullet_list("", *facts)]

    def _citation(self, run: Run, claim: dict[str, Any]) -> Iterator[tuple[str, list[Node]]]:
        number = "" if claim["quantity"] is None else f", {measured(run, claim)}"
        version = f"Signal Through Depth {__version__}, claim {claim['id']}"
        late = " (exploratory)" if run.exploratory(claim["id"]) else ""
        yield (
            "To cite",
            paragraph(
                nodes.Text(f"{version}: {claim['verdict']}{late}{number} (commit "),
                code(run.provenance["commit"][:12]),
                nodes.Text(")."),
            ),
        )


def first(run: Run, claim: dict[str, Any]) -> str:
    """Say in a word what came first: the claim, numbers (it is exploratory), or that none can."""
    if claim["id"] not in run.origins:
        return "none"
    return "numbers" if run.exploratory(claim["id"]) else "claim"


PHRASES = {
    "band": "the band",
    "quantity": "the quantity",
    "method": "the code that measures",
    "settings": "the settings other than seed and draws",
}


def what_came_first(origin: Origin) -> str:
    """Answer in a sentence what came first."""
    if not origin.exploratory:
        return "The claim: band, quantity, code and settings are older than any number on record."
    parts = " and ".join(PHRASES[part] for part in origin.preceded)
    if not parts:
        return "Numbers of it, in trial runs: the claim is exploratory."
    return f"Numbers of it: {parts} changed afterwards, so the claim is exploratory."


def past(origin: Origin) -> Iterator[str]:
    """Yield what the history tells of a claim, one sentence for each change, run and quotation."""
    commits: dict[tuple[str, str], list[str]] = {}
    for part, change in origin.changed.items():
        commits.setdefault((change.date, change.commit), []).append(PHRASES[part])
    for (date, commit), parts in sorted(commits.items()):
        yield f"In {commit[:12]} ({date}) was the last change of {', '.join(parts)}."
    for at, made in enumerate(origin.runs):
        last = at == len(origin.runs) - 1
        number = formatted(estimate_from_json(vars(made)))
        parts = [PHRASES[part] for part in made.precedes]
        then = f", before the last change of {' and '.join(parts)}" if parts else ""
        yield (
            f"{'The run that judges' if last else 'An earlier run'}, made from "
            f"{made.made_from[:12]} and recorded in {made.recorded[:12]} ({made.date}): "
            f"{number}{then}."
        )
    for sentence in origin.trials:
        yield f"On record: “{sentence.replace('*', '').replace('`', '').rstrip('.')}.”"


def as_override(value: float | str) -> str:
    """Return a value as the command line takes it.

    >>> as_override(2.0), as_override(True), as_override("gaussian")
    ('2', 'true', 'gaussian')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)


def measured(run: Run, claim: dict[str, Any]) -> str:
    """Return what was measured for a claim, or a dash if no quantity decides it."""
    return "-" if claim["quantity"] is None else formatted(run.values.get(claim["quantity"]))


def predicted(claim: dict[str, Any]) -> str:
    """Return what the law gives for a claim, or a dash if no quantity decides it."""
    return "-" if claim["quantity"] is None else shortened(claim["prediction"])


DIRECTIVES = {
    "claim-table": ClaimTable,
    "verdict-counts": VerdictCounts,
    "verdict-table": VerdictTable,
    "source-lines": SourceLines,
    "claim-cards": ClaimCards,
}
