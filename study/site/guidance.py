"""Directives for those who must choose: advice that rests on claims, and tables of numbers."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, log, log2
from typing import Any, ClassVar

from docutils import nodes
from docutils.nodes import Node
from docutils.parsers.rst import directives

from study.errors import StudyError
from study.record.claims import Outcome, Verdict
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, code, judged, table
from study.theory import finite_width, gains, phases
from study.theory.activations import NAMES, activation

WIDTHS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
LAYERS = 1000
OUTCOMES = {
    "rests-on": {Outcome.AGREES},
    "against": {Outcome.DISAGREES},
    "open": {Outcome.OPEN, Outcome.DEPENDS},
}
"""What the numbers of a claim may say that stands under an option of an advice."""
MEANINGS = {
    "rests-on": "agrees",
    "against": "disagrees",
    "open": "is inconclusive, or depends on what the source leaves open",
}
"""The same in words."""
LOST = 1000


class Advice(FromResults):
    """``advice``: a sentence and the claims it rests on.

    The claims under ``rests-on`` must be reproduced, those under ``against`` contradicted, and
    those under ``open`` inconclusive or dependent on what their source leaves open, or the build
    stops: advice does not outlive what it stands on, and evidence that settles nothing is shown
    beside the rest, with what it depends on.
    """

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "rests-on": directives.unchanged_required,
        "against": directives.unchanged_required,
        "open": directives.unchanged_required,
    }
    grounds: ClassVar[tuple[str, ...]] = ("rests-on", "against")

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the sentence and its claims."""
        claims = {option: self.options.get(option, "").split() for option in OUTCOMES}
        if not any(claims[option] for option in self.grounds):
            raise StudyError("name at least one claim under :rests-on: or :against:")
        box = nodes.container(classes=["advice"])
        self.state.nested_parse(self.content, self.content_offset, box)
        line = nodes.paragraph("", "", classes=["figure-links"])
        line += self.listed(library, "Rests on: ", claims, self.grounds)
        if claims["open"]:
            line += self.listed(library, " Left open: ", claims, ["open"])
        box += line
        yield box

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
            function = activation(name)
            keeps_signal, keeps_gradient = (
                gains.second_moment_gain(function),
                gains.gradient_gain(function),
            )
            rows.append(
                [
                    [code(name), nodes.Text(" "), nodes.math(function.formula, function.formula)],
                    number(keeps_signal),
                    number(keeps_gradient),
                    number(gains.unit_slope_gain(function)),
                    number(gains.variance_gain(function)),
                    number(gains.torch_gain(name)),
                    number((keeps_signal / keeps_gradient) ** 2),
                    phases.stability(function, keeps_signal**2, 0.0),
                ]
            )
        headings = (
            "Activation",
            "Keeps the signal",
            "Keeps the gradient",
            "Small signals",
            "About the mean",
            "torch",
            "Gradient per layer",
            "Size",
        )
        yield table(headings, rows, classes="compact")


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


def number(gain: float | None) -> str:
    """Return a gain to four decimals.

    >>> number(1.41421356), number(float("inf")), number(None)
    ('1.4142', 'none', 'refuses')
    """
    if gain is None:
        return "refuses"
    return f"{gain:.4f}" if isfinite(gain) else "none"


DIRECTIVES = {"advice": Advice, "gains-table": GainsTable, "width-table": WidthTable}
