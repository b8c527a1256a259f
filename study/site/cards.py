"""The card of a claim: all that is to be known of it, as names and their contents."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

from docutils import nodes
from docutils.nodes import Node

from study.record.claims import Kind, Verdict, band_from_json
from study.record.estimates import Estimate, formatted, in_powers, listed
from study.record.margins import draws_to_decide
from study.record.origins import Origin
from study.record.results import MEDIANS, RATES, Run, estimate_from_json, images
from study.site.library import Library
from study.site.nodes import badge, code, command, judged, link, paragraph, section_link
from study.theory.sources import address

Field: TypeAlias = tuple[str, list[Node]]  # a line of a card: its name and its content

RERUN = "nox -s run -- experiment={name}"

LEAST_DRAWS = 8
"""So many an interval needs that takes nothing for granted; fewer are said to be few."""

PHRASES = {
    "band": "the band",
    "quantity": "the quantity",
    "method": "the code that measures",
    "settings": "the settings other than seed and draws",
}


@dataclass(frozen=True)
class Card:
    """A claim as judged, and the page that shows it.

    Attributes:
        run: the run that judges it.
        claim: the claim as judged.
        library: all runs, whose claims its texts may name.
        page: the name of the page that its links start from.
    """

    run: Run
    claim: Mapping[str, Any]
    library: Library
    page: str

    @property
    def id(self) -> str:
        """By which the claim is cited."""
        return str(self.claim["id"])

    @property
    def value(self) -> Estimate | None:
        """The number that judges it, if there is one."""
        return self.run.values.get(self.claim["quantity"])

    def fields(self) -> Iterator[Field]:
        """Yield the lines that say what was claimed, measured and accepted, in order."""
        yield "Id", paragraph(self.link("claim", self.id, code(self.id)))
        yield "Verdict", paragraph(*judged(self.run, self.claim))
        if self.claim["quantity"] is None:
            reason = f"{self.claim['cause'].capitalize()}. {self.claim['reason']}"
            yield "Why there is no verdict", paragraph(*self.linked(reason))
        else:
            yield from self._measured()
        yield "Source", paragraph(*self._source())
        yield "Remark", paragraph(*self.linked(self.claim["remark"]))
        if self.claim["derivation"]:
            yield "Derivation", paragraph(self.section(self.claim["derivation"]))
        if self.claim["quantity"] is not None:
            yield "What departs", paragraph(*self.linked(self.claim["departure"] or "Nothing."))
            if factors := self.claim["constant_factors"]:
                text = f"{listed(factors).capitalize()}: the verdict may hang on each of them."
                yield "Not varied", paragraph(nodes.Text(text))
            yield from self._qualified()
        yield from self._withdrawn()

    def _source(self) -> Iterator[Node]:
        work = self.claim["source"]["work"]
        source = f"{work['cited_as']}, {self.claim['source']['locator']}"
        yield self.link("work", work["key"], nodes.Text(source))
        if place := address(work["key"]):
            yield nodes.Text(" (")
            yield nodes.reference("", "the work itself", refuri=place, internal=False)
            yield nodes.Text(")")

    def _measured(self) -> Iterator[Field]:
        claim, value = self.claim, self.value
        yield "What was measured", paragraph(nodes.Text(claim["measured_as"]))
        number: list[Node] = [nodes.Text(measured(self.run, claim))]
        if value is not None:
            number = [self.number(claim["quantity"], measured(self.run, claim))]
            draws = "no draw touches it" if value.exact else f"{value.draws} draws"
            number += [nodes.Text(f" ({draws}, data {images(self.run)})")]
        yield "Number", paragraph(*number)
        if claim["prediction"] is not None:
            predicted = in_powers(f"{claim['prediction']:.6g}")
            yield "Predicted", paragraph(nodes.Text(f"{predicted}{off(claim, value)}"))
        accepted = f"{in_powers(str(band_from_json(claim['band'])))}, for the whole interval"
        yield "Accepted", paragraph(nodes.Text(accepted))
        yield "Reason for this range", paragraph(*self.linked(claim["reason"]))
        yield from would_decide(claim, value)
        yield from rests_on(claim, value)
        if claim["readings"]:
            yield "Depends on", [self._readings()]
        yield "Kind", paragraph(nodes.Text(claim["kind"]))

    def _readings(self) -> Node:
        """List what was measured under each choice that the source leaves open."""
        claim = self.claim
        stated = {"choice": claim["choice"], "quantity": claim["quantity"]}
        items = nodes.bullet_list("")
        for reading in (stated, *claim["readings"]):
            key = reading["quantity"]
            value = self.number(key, formatted(self.run.values.get(key)))
            choice = nodes.Text(f"{reading['choice'].rstrip('.')}: ")
            items += nodes.list_item("", *paragraph(choice, value))
        return items

    def _qualified(self) -> Iterator[Field]:
        """Say what the verdict is to be read with."""
        if name := self.claim["corrected"]:
            yield "Corrected form", paragraph(self.link("claim", name, code(name)))
        if misprint := self.claim["misprint"]:
            yield "Why it is a misprint", paragraph(*self.linked(misprint))
        if rival := self.claim["rival"]:
            predicted = in_powers(f"{rival['prediction']:.6g}")
            text = f"{rival['law']} It predicts {predicted}."
            yield "Nearest rival", paragraph(nodes.Text(text))

    def _withdrawn(self) -> Iterator[Field]:
        """Show the verdict that stood here once."""
        if not (old := self.claim["withdrawn"]):
            return
        key, band = old["quantity"], band_from_json(old["band"])
        value: Node = nodes.Text("a quantity that is measured no more")
        if key in self.run.values:
            value = self.number(key, formatted(self.run.values[key]))
        accepted = nodes.Text(f" in {in_powers(str(band))}")
        last = [badge(old["verdict"]), nodes.Text(", by "), value, accepted]
        yield "Verdict withdrawn", paragraph(*last, *self.linked(f". {old['why']}"))

    def control(self) -> Iterator[Field]:
        """Yield the change that breaks the claim, and the command that makes it."""
        if self.claim["quantity"] is not None:
            control = self.claim["control"]
            yield (
                "Negative control",
                [
                    *paragraph(nodes.Text(control["change"])),
                    command(f"{self.rerun} scale=control {overrides(control['overrides'])}"),
                ],
            )

    def history(self) -> Iterator[Field]:
        """Yield its verdicts so far, and whether the claim came first or numbers of it."""
        if steps := self.library.verdicts.get(self.id, []):
            items = (f"{step['verdict']}, {step['date']}" for step in steps)
            lines = [nodes.list_item("", *paragraph(nodes.Text(item))) for item in items]
            yield "Verdicts", [nodes.bullet_list("", *lines)]
        if steps := self.library.bands.get(self.id, []):
            items = (f"{in_powers(step['band'])}, {step['date']}" for step in steps)
            lines = [nodes.list_item("", *paragraph(nodes.Text(item))) for item in items]
            yield "Accepted so far", [nodes.bullet_list("", *lines)]
        if sentences := self.library.changelog.get(self.id, []):
            lines = [nodes.list_item("", *paragraph(*self.linked(text))) for text in sentences]
            yield "In the changelog", [nodes.bullet_list("", *lines)]
        origin = self.run.origins.get(self.id)
        if origin is not None:
            is_joined = self.run.is_joined
            kind = self.section("what-came-first", what_came_first(origin, is_joined=is_joined))
            facts = [
                nodes.list_item("", *paragraph(nodes.Text(fact)))
                for fact in past(origin, is_joined=is_joined)
            ]
            yield "What came first", [*paragraph(kind), nodes.bullet_list("", *facts)]

    @property
    def rerun(self) -> str:
        """The command that measures it again."""
        return RERUN.format(name=self.run.folder.name)

    def link(self, kind: str, target: str, *content: Node) -> Node:
        """Link from the page to an object of the domain ``study``."""
        return link(kind, target, *content, docname=self.page)

    def number(self, key: str, text: str) -> Node:
        """Link to a value of the run, under a text that shows it."""
        return self.link("value", f"{self.run.folder.name}:{key}", nodes.Text(text))

    def section(self, label: str, text: str = "") -> Node:
        """Link to a section by its label, under its own title or another text."""
        return section_link(label, text, docname=self.page)

    def linked(self, text: str) -> list[Node]:
        """Return a text in which each id of a claim is a link to its page."""
        return linked(text, self.library, self.page)


def linked(text: str, library: Library, page: str) -> list[Node]:
    """Return a text in which each id of a claim is a link to its page.

    Args:
        text: that may name claims.
        library: the claims that there are.
        page: the name of the page that the links start from.
    """
    return [
        link("claim", part, code(part), docname=page)
        if part in library.claims
        else nodes.Text(part)
        for part in re.split(r"([a-z0-9]+(?:-[a-z0-9]+)+)", text)
        if part
    ]


def overrides(settings: Mapping[str, float | str]) -> str:
    """Return changed settings as the command line takes them.

    >>> overrides({"width": 8, "arms.one": 2.0})
    'experiment.width=8 experiment.arms.one=2'
    """
    return " ".join(f"experiment.{key}={as_override(value)}" for key, value in settings.items())


def measured(run: Run, claim: Mapping[str, Any]) -> str:
    """Return what was measured for a claim, or a dash if no quantity decides it."""
    return "-" if claim["quantity"] is None else formatted(run.values.get(claim["quantity"]))


def would_decide(claim: Mapping[str, Any], value: Estimate | None) -> Iterator[Field]:
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


def rests_on(claim: Mapping[str, Any], value: Estimate | None) -> Iterator[Field]:
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


def off(claim: Mapping[str, Any], value: Estimate | None) -> str:
    """Say how far a prediction is from what was measured.

    A law's is exact, so that the interval can tell; of what else is predicted the distance is a
    share of it. The percentile of a print, and a difference that is predicted to be none, say
    themselves how far they are.
    """
    if claim["kind"] == Kind.LAW and claim["distance"] is not None:
        text = f"; {claim['distance']:.2g} half widths of the interval away"
        return text + (", so the interval excludes the prediction" if claim["distance"] > 1 else "")
    if value is None or not isfinite(value.mean):
        return ""
    if not claim["prediction"] or claim["kind"] == Kind.PRINT:
        return ""
    share = 100 * abs(value.mean / claim["prediction"] - 1)
    return f"; {share:.2g} % away" if share >= LEAST_SHARE else f"; less than {LEAST_SHARE} % away"


LEAST_SHARE = 0.01
"""Of a prediction, in per cent; what differs by less is not told in digits."""


def what_came_first(origin: Origin, *, is_joined: bool = False) -> str:
    """Answer in a sentence what came first.

    Args:
        origin: what the history tells of a claim.
        is_joined: whether the commit that the run was made from was joined into another.
    """
    if not origin.exploratory:
        return "The claim: band, quantity, code and settings are older than any number on record."
    if is_joined and not origin.trials and not any(run.precedes for run in origin.runs[:-1]):
        return (
            "The commit that the run was made from was joined into another, so it cannot be shown "
            "that the claim came first, and it counts as exploratory."
        )
    parts = listed([PHRASES[part] for part in origin.preceded])
    if not parts:
        return "Numbers of it, in trial runs: the claim is exploratory."
    return f"Numbers of it: {parts} changed afterwards, so the claim is exploratory."


def past(origin: Origin, *, is_joined: bool = False) -> Iterator[str]:
    """Yield what the history tells of a claim, one sentence for each change, run and quotation.

    Args:
        origin: what the history tells.
        is_joined: whether the commit that the run was made from was joined into another, so that
            its place in the history is not known.
    """
    commits: dict[tuple[str, str], list[str]] = {}
    for part, change in origin.changed.items():
        commits.setdefault((change.date, change.commit), []).append(PHRASES[part])
    for (date, commit), parts in sorted(commits.items()):
        yield f"Last changed in {commit[:12]} ({date}): {listed(parts)}."
    for at, run in enumerate(origin.runs):
        last = at == len(origin.runs) - 1
        number = formatted(estimate_from_json(vars(run)))
        parts = [] if last and is_joined else [PHRASES[part] for part in run.precedes]
        clause = f", before the last change of {listed(parts)}" if parts else ""
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
