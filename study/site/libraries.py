"""Directives that compare libraries: what to call, whose fans they take, what they cut off."""

from collections import Counter
from collections.abc import Iterator, Sequence
from math import sqrt

from docutils import nodes
from docutils.nodes import Node

from study.errors import StudyError
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, code, table
from study.theory import libraries
from study.theory.libraries import AXES, CONNECTIONS, CUT, INITIALISERS, TRUNCATIONS, WISHES

FANS = {"fan_in": "fan_in", "fan_out": "fan_out", "fan_avg": "mean fan"}
DISTRIBUTIONS = {
    "normal": "normal",
    "uniform": "uniform",
    "truncated": "normal, cut off, corrected",
}
SMALL, LARGE = 0.05, 1.0
"""Standard deviations to ask for, that of a layer of about a thousand units and a unit one."""
DEPTH = 30
"""Layers after which a mistake in every layer is shown."""


class InitialiserTable(FromResults):
    """``initialiser-table``: what to write in each library, for each wish that it names in a line.

    Without lines it is for all wishes.
    """

    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        wishes = [line.strip() for line in self.content if line.strip()] or WISHES
        if unknown := [wish for wish in wishes if wish not in WISHES]:
            raise StudyError(f"wish {unknown[0]}: not one of {'; '.join(WISHES)}")
        rows: list[list[Cell]] = [
            [
                f"{wish}, {call.library}",
                [code(call.call)],
                f"{variance(call)}, {DISTRIBUTIONS[call.distribution]}",
            ]
            for wish in wishes
            for call in INITIALISERS
            if call.wish == wish
        ]
        comparison = table(("I want", "I write", "Variance, distribution"), rows)
        yield nodes.container("", comparison, classes=["choices"])


class FansTable(FromResults):
    """``fans-table``: what each library takes for the fans of the kinds of layer it names."""

    required_arguments = 1
    final_argument_whitespace = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        rows: list[list[Cell]] = []
        for kind in self.arguments[0].split():
            for name in AXES:
                kernel = libraries.kernel(name, kind)
                fans = libraries.symbolic_fans(kernel)
                counts = map(libraries.powers, CONNECTIONS[kind])
                rows.append(
                    [
                        [nodes.Text(f"{name} "), code(kernel.layer)],
                        f"({', '.join(kernel.layout)})",
                        *(
                            f"{product(fan)}: {judgement(fan, count)}"
                            for fan, count in zip(fans, counts, strict=True)
                        ),
                    ]
                )
        headings = ("Layer", "Layout", "Its fan_in", "Its fan_out")
        yield table(headings, rows, classes="compact")


class TruncationTable(FromResults):
    """``truncation-table``: what the calls leave that cut off and do not correct."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        rows: list[Sequence[Cell]] = [
            (
                [code(f"{call.function}({'w, ' * (call.library == 'torch')}{call.option}=σ)")],
                f"{CUT:g} σ" if call.relative else f"{CUT:g}",
                *(f"{call.standard_deviation(requested):.4f}" for requested in (SMALL, LARGE)),
            )
            for call in TRUNCATIONS
        ]
        headings = ("Call", "cuts off at ±", f"σ = {SMALL:g} becomes", f"σ = {LARGE:g} becomes")
        yield table(headings, rows)


class CorrectionTable(FromResults):
    """``correction-table``: what it costs to correct a cut not at all, or twice."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        del library
        left = libraries.share_left(CUT)
        factors = {"once": 1.0, "not at all": left**2, "twice": left**-2}
        rows = [
            (f"corrected {times}", f"{sqrt(factor):.4f}", f"{factor:.4f}", compact(factor**DEPTH))
            for times, factor in factors.items()
        ]
        headings = (
            "The cut is",
            "Standard deviation, of the one asked for",
            "Second moment per layer",
            f"after {DEPTH} layers",
        )
        yield table(headings, rows)


def compact(x: float) -> str:
    """Return a number to three digits, and a large one without an exponent.

    >>> compact(2196.4), compact(0.00045529)
    ('2,196', '0.000455')
    """
    return f"{x:,.0f}" if x >= 1000 else f"{x:.3g}"


def variance(call: libraries.Initialiser) -> str:
    """Return the variance that a call gives a weight.

    >>> variance(libraries.named("torch", "nothing"))
    '1/(3 fan_in)'
    """
    fan = FANS[call.fan]
    return f"{call.scale:g}/{fan}" if call.scale >= 1 else f"1/({1 / call.scale:g} {fan})"


def product(sizes: Counter[str]) -> str:
    """Return a product of powers of sizes.

    >>> product(libraries.powers(["k", "k", "out/groups"])), product(Counter())
    ('k² · out / groups', '1')
    """
    powers = {1: "", 2: "²"}
    above = [size + powers[power] for size, power in sizes.items() if power > 0]
    below = [size + powers[-power] for size, power in sizes.items() if power < 0]
    return " / ".join([" · ".join(above) or "1", *below])


def judgement(fan: Counter[str], count: Counter[str]) -> str:
    """Say how a fan that a library takes compares with the number of weights that meet.

    >>> right = libraries.powers(["k", "k", "in"])
    >>> judgement(right, right), judgement(libraries.powers(["k", "k", "out"]), right)
    ('right', 'times out / in')
    """
    ratio = Counter(fan)
    ratio.subtract(count)
    powers = Counter({size: power for size, power in ratio.items() if power})
    return f"times {product(powers)}" if powers else "right"


DIRECTIVES = {
    "correction-table": CorrectionTable,
    "fans-table": FansTable,
    "initialiser-table": InitialiserTable,
    "truncation-table": TruncationTable,
}
