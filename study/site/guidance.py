"""Directives for those who must choose: advice that rests on claims, and tables of numbers."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import log, log2
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives
from docutils.statemachine import StringList

from study.errors import StudyError
from study.record.claims import Outcome, Verdict
from study.site import scopes
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, code, judged, table
from study.theory import finite_width, gain_rows
from study.theory.activations import Activation
from study.theory.edge import EdgePoint, half_stable_point, sizes, steadiest_point
from study.theory.named import NAMES, named

WIDTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
LAYERS = 1000
OUTCOMES = {
    "rests-on": {Outcome.AGREES},
    "against": {Outcome.DISAGREES},
    "open": {Outcome.OPEN, Outcome.DEPENDS},
    "beside": scopes.NOT_SETTLED,
}
"""What the numbers of a claim may say that stands under an option of an advice."""
MEANINGS = {
    "rests-on": "agrees",
    "against": "disagrees",
    "open": "is inconclusive, or depends on what the source leaves open",
    "beside": "does not agree",
}
"""The same in words."""
LOST = 1000


class Advice(FromResults):
    """``advice``: a sentence, where it holds, and the claims it rests on.

    The claims under ``rests-on`` must be reproduced, those under ``against`` contradicted, and
    those under ``open`` inconclusive or dependent on what their source leaves open, or the build
    stops: advice does not outlive what it stands on, and evidence that settles nothing is shown
    beside the rest, with what it depends on.

    The build stops, too, where a claim departs in something that neither the sentence nor ``where``
    names, where a number under ``where`` is in none of the claims and their settings, and where a
    verdict on the same matter that does not agree is left out. One that the advice does not speak
    of goes under ``beside``.
    """

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "rests-on": directives.unchanged_required,
        "against": directives.unchanged_required,
        "open": directives.unchanged_required,
        "beside": directives.unchanged_required,
        "where": directives.unchanged_required,
    }
    grounds: ClassVar[tuple[str, ...]] = ("rests-on", "against")

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the sentence, where it holds, and its claims."""
        claims = {option: self.options.get(option, "").split() for option in OUTCOMES}
        if not any(claims[option] for option in self.grounds):
            raise StudyError("name at least one claim under :rests-on: or :against:")
        if not self.options.get("where"):
            raise StudyError("say under :where: where this holds")
        box = nodes.container(classes=["advice"])
        scope = StringList([f"*Where:* {self.options['where']}"], "")
        self.state.nested_parse(self.content, self.content_offset, box)
        self.state.nested_parse(scope, self.content_offset, box)
        line = nodes.paragraph("", "", classes=["figure-links"])
        line += self.listed(library, "Rests on: ", claims, self.grounds)
        for option, heading in (("open", " Left open: "), ("beside", " On the same matter: ")):
            if claims[option]:
                line += self.listed(library, heading, claims, [option])
        box += line
        self.check_scope(library, claims)
        yield box

    def check_scope(self, library: Library, claims: Mapping[str, Sequence[str]]) -> None:
        """Stop the build where the advice hides a departure, or a verdict on its matter."""
        self.use_all(library.runs)
        text = "\n".join([*self.content, self.options["where"]])
        names = [name for option in (*self.grounds, "open") for name in claims[option]]
        speaking = [library.claim(name) for name in names]
        every_claim = [claim for _, claim in library.claims.values()]
        listed = {*names, *claims["beside"]}
        faults = [
            *scopes.hidden(text, speaking),
            *scopes.unfounded(self.options["where"], speaking),
            *scopes.silent([claim for _, claim in speaking], every_claim, listed),
        ]
        if faults:
            raise StudyError("; ".join(faults))

    def listed(
        self,
        library: Library,
        heading: str,
        claims: Mapping[str, Sequence[str]],
        options: Sequence[str],
    ) -> list[Node]:
        """Return the claims of some options, each with its verdict, or stop the build."""
        line: list[Node] = [nodes.Text(heading)]
        for option in options:
            for name in claims[option]:
                run, claim = library.claim(name)
                self.use(run)
                if Verdict(claim["verdict"]).outcome not in OUTCOMES[option]:
                    raise StudyError(
                        f"{name} is {claim['verdict']}: under :{option}: only what "
                        f"{MEANINGS[option]}"
                    )
                if len(line) > 1:
                    line.append(nodes.Text(" · "))
                line += [
                    self.link("claim", name, code(name)),
                    nodes.Text(" "),
                    *judged(run, claim),
                    nodes.Text(dependence(claim)),
                ]
        return line


def dependence(claim: Mapping[str, Any]) -> str:
    """Say on which choices of what its source leaves open a verdict depends, if it does.

    >>> claim = {"verdict": "depends", "choice": "Small pixels.", "readings": [{"choice": "large"}]}
    >>> dependence(claim), dependence({"verdict": "reproduced"})
    (' on: Small pixels; large', '')
    """
    if Verdict(claim["verdict"]) != Verdict.DEPENDS:
        return ""
    choices = [claim["choice"], *(reading["choice"] for reading in claim["readings"])]
    return f" on: {'; '.join(choice.rstrip('.') for choice in choices)}"


class GainsTable(FromResults):
    """``gains-table``: what each activation asks for, by what is to be kept."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        rows: list[list[Cell]] = []
        for name in NAMES:
            function = named(name)
            formula = nodes.math(function.formula, function.formula)
            heading = [code(name), nodes.Text(" "), formula]
            rows.append([heading, *gain_rows.cells(gain_rows.row(function))])
        yield table(("Activation", *gain_rows.HEADINGS), rows, classes="compact")


class EdgeTable(FromResults):
    """``edge-table``: where activations of unstable gains settle on the edge of chaos."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        functions = map(named, NAMES)
        unstable = [
            function
            for function in functions
            if isinstance(function, Activation) and gain_rows.row(function).size == "unstable"
        ]
        rows: list[list[Cell]] = []
        for function in unstable:
            measure = partial(sizes, function)
            try:
                points = half_stable_point(measure), steadiest_point(measure)
            except StudyError:
                rows.append([[code(function.name)], *["none", "–", "–"] * 2, "–"])
            else:
                cells = [cell for point in points for cell in point_cells(point)]
                rows.append([[code(function.name)], *cells, f"{points[1].slope:.3f}"])
        headings = "Settles from", "weights", "biases", "Fastest at", "weights", "biases", "Slope"
        yield table(("Activation", *headings), rows, classes="compact")


def point_cells(point: EdgePoint) -> tuple[str, str, str]:
    """Return the length of a point, and the variances of its weights and biases.

    >>> point_cells(EdgePoint(3.56155, 1.98306, 0.172922, 1.0))
    ('3.56', '1.9831', '0.1729')
    """
    return f"{point.length:.3g}", f"{point.weight_variance:.4f}", f"{point.bias_variance:.4f}"


class WidthTable(FromResults):
    """``width-table``: what a finite width does to a ReLU signal of constant expectation."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        rows: list[list[Cell]] = []
        for width in WIDTHS:
            law = finite_width.log_norm(width).after(LAYERS)
            drift, deviation = law.drift / log(2) / 2, law.variance**0.5 / log(2) / 2
            loss_depth = LAYERS * log2(LOST) / -drift
            rows.append(
                [
                    str(width),
                    f"2^{drift:.1f}",
                    f"2^{drift - 2 * deviation:.1f} to 2^{drift + 2 * deviation:.1f}",
                    f"{loss_depth:,.0f}",
                ]
            )
        headings = (
            "Width",
            f"Typical size after {LAYERS} layers",
            "95 of 100 networks",
            "Layers until a thousandth is left",
        )
        yield table(headings, rows)


DIRECTIVES = {
    "advice": Advice,
    "edge-table": EdgeTable,
    "gains-table": GainsTable,
    "width-table": WidthTable,
}
