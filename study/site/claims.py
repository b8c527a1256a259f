"""Directives that show claims: in tables, on cards, and line by line beside their source."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives

from study import __version__
from study.errors import StudyError
from study.record.claims import Kind, Verdict, band_from_json
from study.record.estimates import Estimate, formatted, shortened
from study.record.margins import Margins, draws_to_decide, margins
from study.record.origins import Origin
from study.record.results import MEDIANS, PERCENTILE, RATES, Run, estimate_from_json
from study.record.retired import RETIRED, Retired
from study.site.from_results import RERUN, FromResults
from study.site.library import Library
from study.site.nodes import (
    Cell,
    badge,
    code,
    command,
    definitions,
    judged,
    paragraph,
    table,
)
from study.theory.sources import THIS_STUDY, WORKS


class ClaimTable(FromResults):
    """``claim-table [name]``: the claims of one experiment, of one work, or of all."""

    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"work": directives.unchanged_required}

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        runs = [self.chosen(library)] if self.arguments else self.use_all(library.reference)
        work = self.options.get("work")
        if work not in {None, *(entry.key for entry in WORKS)}:
            choices = ", ".join(entry.key for entry in WORKS)
            raise StudyError(f"{work}: no such work; choose from {choices}")
        rows: list[list[Cell]] = [
            [
                [self.link("claim", claim["id"], nodes.Text(claim["statement"]))],
                judged(run, claim),
                measured(run, claim),
                *expected(claim),
                *([] if work else [claim["source"]["work"]["cited_as"]]),
            ]
            for run in runs
            for claim in run.judgements
            if work in {None, claim["source"]["work"]["key"]}
        ]
        headings = ("Claim", "Verdict", "Measured", "Predicted", "Accepted")
        yield table(headings if work else (*headings, "Source"), rows, classes="claims")


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
LEAST_DRAWS = 8
"""So many an interval needs that takes nothing for granted; fewer are said to be few."""
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

        def cell(key: str, verdict: Verdict) -> str:
            before, after = (counts[key, verdict, late] for late in (False, True))
            return f"{before} + {after}" if after else str(before or "-")

        rows: list[list[Cell]] = [
            [
                [self.section(f"claims-of-{work.key}", work.cited_as)],
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
            parts = [self._common(run, claim, library), self._judged(run, claim, library)]
            if committed:
                parts += [self._first(run, claim), self._citation(run, claim)]
            section += definitions(chain(*parts))
            yield section
        yield from (
            self._tombstone(run, old, library)
            for old in RETIRED
            if committed and old.experiment == run.folder.name
        )

    def _tombstone(self, run: Run, old: Retired, library: Library) -> Node:
        """Say at its old place that an id is retired, and what to cite instead."""
        section = nodes.section(classes=["claim"])
        self.target(section, "claim", old.id, old.id, f"{old.id} (retired)")
        section += nodes.title("", f"{old.id} (retired)")
        number = nodes.Text(formatted(run.values.get(old.quantity)))
        last = [badge(old.verdict), nodes.Text(", by "), number]
        text = f"{old.why} Cite {old.successor} instead." if old.successor else old.why
        section += nodes.paragraph("", "", *self.linked(text, library))
        section += nodes.paragraph("", "", nodes.Text("Its last verdict: "), *last)
        return section

    def _common(
        self, run: Run, claim: dict[str, Any], library: Library
    ) -> Iterator[tuple[str, list[Node]]]:
        work = claim["source"]["work"]
        yield "Id", paragraph(self.link("claim", claim["id"], code(claim["id"])))
        yield "Verdict", paragraph(*judged(run, claim))
        if claim["quantity"] is not None:
            yield "Kind", paragraph(nodes.Text(claim["kind"]))
        source = f"{work['cited_as']}, {claim['source']['locator']}"
        yield "Source", paragraph(self.link("work", work["key"], nodes.Text(source)))
        yield "Remark", paragraph(*self.linked(claim["remark"], library))
        if claim["derivation"]:
            yield "Derivation", paragraph(self.section(claim["derivation"]))

    def _judged(
        self, run: Run, claim: dict[str, Any], library: Library
    ) -> Iterator[tuple[str, list[Node]]]:
        if claim["quantity"] is None:
            reason = f"{claim['cause'].capitalize()}. {claim['reason']}"
            yield "Why there is no verdict", paragraph(*self.linked(reason, library))
            yield from self._withdrawn(run, claim, library)
            return
        value = run.values.get(claim["quantity"])
        content: list[Node] = [nodes.Text(measured(run, claim))]
        if value is not None:
            content = [self.value(run, claim["quantity"], measured(run, claim))]
            draws = "no draw touches it" if value.exact else f"{value.draws} draws"
            content += [nodes.Text(f" ({draws}, data {run.data})")]
        if claim["measured_as"]:
            content += [nodes.Text(f". {claim['measured_as']}")]
        yield "Measured", paragraph(*content)
        yield from would_decide(claim, value)
        yield from rests_on(claim, value)
        if claim["readings"]:
            yield "Left open by the source", [self._readings(run, claim)]
        if claim["prediction"] is not None:
            yield "Predicted", paragraph(nodes.Text(f"{claim['prediction']:.6g}{off(claim)}"))
        accepted = f"{band_from_json(claim['band'])}, for the whole interval"
        yield "Accepted", paragraph(nodes.Text(accepted))
        yield "Reason for this range", paragraph(*self.linked(claim["reason"], library))
        yield "What departs", paragraph(*self.linked(claim["departure"] or "Nothing.", library))
        yield from self._qualified(run, claim, library)
        control = claim["control"]
        settings = control["overrides"].items()
        changes = " ".join(f"experiment.{key}={as_override(setting)}" for key, setting in settings)
        yield (
            "Negative control",
            [
                *paragraph(nodes.Text(control["change"])),
                command(f"{RERUN.format(name=run.folder.name)} scale=quick {changes}"),
            ],
        )

    def _qualified(
        self, run: Run, claim: dict[str, Any], library: Library
    ) -> Iterator[tuple[str, list[Node]]]:
        """Say what the verdict is to be read with."""
        if claim["corrected"]:
            name = claim["corrected"]
            yield "Corrected form", paragraph(self.link("claim", name, code(name)))
        if claim["misprint"]:
            yield "Why it is a misprint", paragraph(*self.linked(claim["misprint"], library))
        yield from self._withdrawn(run, claim, library)
        if claim["rival"]:
            law, number = claim["rival"]["law"], claim["rival"]["prediction"]
            yield "Nearest rival", paragraph(nodes.Text(f"{law} It predicts {number:.6g}."))

    def _readings(self, run: Run, claim: dict[str, Any]) -> Node:
        """List what was measured under each choice that the source leaves open."""
        stated = {"choice": claim["choice"], "quantity": claim["quantity"]}
        items = nodes.bullet_list("")
        for reading in (stated, *claim["readings"]):
            key = reading["quantity"]
            value = self.value(run, key, formatted(run.values.get(key)))
            items += nodes.list_item("", *paragraph(nodes.Text(f"{reading['choice']}: "), value))
        return items

    def _withdrawn(
        self, run: Run, claim: dict[str, Any], library: Library
    ) -> Iterator[tuple[str, list[Node]]]:
        """Show the verdict that stood here once."""
        if not (old := claim["withdrawn"]):
            return
        key, band = old["quantity"], band_from_json(old["band"])
        value = self.value(run, key, formatted(run.values.get(key)))
        reason = self.linked(f". {old['why']}", library)
        yield (
            "Verdict withdrawn",
            paragraph(
                badge(old["verdict"]),
                nodes.Text(", by "),
                value,
                nodes.Text(f" in {band}"),
                *reason,
            ),
        )

    def _first(self, run: Run, claim: dict[str, Any]) -> Iterator[tuple[str, list[Node]]]:
        """Say whether the claim came first, or numbers of what it judges."""
        origin = run.origins.get(claim["id"])
        if origin is not None:
            kind = self.section("what-came-first", what_came_first(origin))
            facts = [nodes.list_item("", *paragraph(nodes.Text(fact))) for fact in past(origin)]
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


def would_decide(
    claim: Mapping[str, Any], value: Estimate | None
) -> Iterator[tuple[str, list[Node]]]:
    """Say of what is inconclusive which difference the draws can tell, and how many more would."""
    if claim["verdict"] != Verdict.INCONCLUSIVE or value is None:
        return
    need = "The number is none, or has no interval."
    if (more := draws_to_decide(value, band_from_json(claim["band"]))) is not None:
        need = (
            f"With these draws a mean is told from an end of the range if it lies "
            f"{value.half_width:.2g} away; about {more} draws would decide it, if the mean stays."
        )
    yield "What it would take", paragraph(nodes.Text(need))


def rests_on(claim: Mapping[str, Any], value: Estimate | None) -> Iterator[tuple[str, list[Node]]]:
    """Say of few draws that their interval takes for granted how they are distributed."""
    free_of_a_distribution = (*RATES, MEDIANS)
    if value is None or value.exact or claim["quantity"].startswith(free_of_a_distribution):
        return
    if value.draws < LEAST_DRAWS:
        text = (
            f"Student's interval takes the numbers of the draws for Gaussian, which "
            f"{value.draws} of them cannot show."
        )
        yield "What the interval rests on", paragraph(nodes.Text(text))


def off(claim: Mapping[str, Any]) -> str:
    """Say how far a law's prediction is from what was measured, in half widths of the interval."""
    if claim["kind"] != Kind.LAW or claim["distance"] is None:
        return ""
    text = f"; {claim['distance']:.2g} half widths of the interval away"
    return text + (", so the interval excludes the prediction" if claim["distance"] > 1 else "")


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
    for at, run in enumerate(origin.runs):
        last = at == len(origin.runs) - 1
        number = formatted(estimate_from_json(vars(run)))
        parts = [PHRASES[part] for part in run.precedes]
        clause = f", before the last change of {' and '.join(parts)}" if parts else ""
        yield (
            f"{'The run that judges' if last else 'An earlier run'}, made from "
            f"{run.made_from[:12]} and recorded in {run.recorded[:12]} ({run.date}): "
            f"{number}{clause}."
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


def expected(claim: dict[str, Any]) -> tuple[str, str]:
    """Return what the law gives and which range is accepted; dashes where nothing is."""
    if claim["quantity"] is None:
        return "-", "-"
    number = "-" if claim["prediction"] is None else shortened(claim["prediction"])
    return number, str(band_from_json(claim["band"]))


DIRECTIVES = {
    "claim-table": ClaimTable,
    "verdict-counts": VerdictCounts,
    "verdict-margins": VerdictMargins,
    "verdict-table": VerdictTable,
    "source-lines": SourceLines,
    "claim-cards": ClaimCards,
}
