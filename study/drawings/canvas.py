"""What drawings are made of: words, lines, arrows, bars, curves and axes, as pieces of SVG.

A drawing is 360 units wide and is set into its page, so that its colours are those of the page, in
light and in dark. A *tone* names a colour; the style sheet says which it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import atan2, cos, pi, sin
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

WIDTH = 360
SMALLEST = 13
"""The size of the smallest text, since on a phone a drawing is as wide as the screen."""

Point = tuple[float, float]
Tone = Literal["ink", "faint", "signal", "gradient", "lit"]
"""``ink`` as the text around, ``faint`` for what only helps; ``signal`` for what goes up,
``gradient`` for what comes down, ``lit`` for a patch behind words."""
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Drawing:
    """One picture that says one thing.

    Attributes:
        title: what it says, in a few words.
        text: what one sees, for those who do not.
        height: in units.
        parts: pieces of SVG, from back to front.
        numbers: every number that is shown, by what it is; each is shown as :func:`number` has it.
    """

    title: str
    text: str
    height: float
    parts: tuple[str, ...]
    numbers: Mapping[str, float]

    def svg(self, anchor: str) -> str:
        """Return the picture as an element of a page.

        Args:
            anchor: what the ids in it begin with; it must be another for each picture of a page.
        """
        names = f"{anchor}-title {anchor}-text"
        head = f'viewBox="0 0 {WIDTH} {shortest(self.height)}" aria-labelledby="{names}"'
        return "\n".join(
            (
                f'<svg class="drawing" role="img" {head}>',
                f'<title id="{anchor}-title">{escape(self.title)}</title>',
                f'<desc id="{anchor}-text">{escape(self.text)}</desc>',
                *self.parts,
                "</svg>",
            )
        )


def number(value: float) -> str:
    """Return a number as drawings show it: to three digits, and with a true minus.

    >>> number(0.5), number(-1.0), number(0.34085), number(1000), number(3e-11)
    ('0.5', '−1', '0.341', '1000', '3·10⁻¹¹')
    """
    if value and not 1e-4 <= abs(value) < 1e5:
        digits, _, exponent = f"{value:.3g}".partition("e")
        front = "" if digits == "1" else f"{digits}·".replace("-", "−")
        return f"{front}10{raised(int(exponent))}"
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return text.replace("-", "−")


def raised(exponent: int) -> str:
    """Return a whole number in the small figures of an exponent.

    >>> raised(-149)
    '⁻¹⁴⁹'
    """
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def shortest(value: float) -> str:
    """Return a coordinate to a tenth of a unit, which nobody can see.

    >>> shortest(12.0), shortest(1 / 3), shortest(-0.01)
    ('12', '0.3', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def words(  # noqa: PLR0913 - a word has a place, a size and a look
    at: Point,
    text: str,
    *,
    tone: Tone = "ink",
    anchor: Anchor = "middle",
    size: float = 14,
    bold: bool = False,
) -> str:
    """Write one line.

    Args:
        at: where its baseline is.
        text: what it says.
        tone: its colour.
        anchor: which of its points is there.
        size: of the letters.
        bold: whether it stands out.
    """
    x, y = map(shortest, at)
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" font-size="{shortest(size)}"'
    return f'<text class="{tone}" {place}{weight}>{escape(text)}</text>'


def curve(
    points: Iterable[Point], *, tone: Tone = "ink", width: float = 1.6, dashed: bool = False
) -> str:
    """Join points by straight lines."""
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    look = f'class="line {tone}" stroke-width="{shortest(width)}"{dashes}'
    return f'<path {look} d="{_path(points)}"/>'


def area(points: Iterable[Point], *, tone: Tone = "signal", faint: bool = False) -> str:
    """Fill what points enclose; faintly where words or lines are to stand on it."""
    return f'<path class="area {tone}{" pale" if faint else ""}" d="{_path(points)}Z"/>'


def line(
    start: Point, end: Point, *, tone: Tone = "ink", width: float = 1.6, dashed: bool = False
) -> str:
    """Draw a straight line."""
    return curve((start, end), tone=tone, width=width, dashed=dashed)


def arrow(
    start: Point, end: Point, *, tone: Tone = "ink", width: float = 1.6, head: float = 7
) -> str:
    """Draw a straight arrow.

    Args:
        start: where it comes from.
        end: where its tip is.
        tone: its colour.
        width: of its shaft.
        head: how long its head is.
    """
    direction = atan2(end[1] - start[1], end[0] - start[0])
    wings = [
        (end[0] + head * cos(direction + turn), end[1] + head * sin(direction + turn))
        for turn in (pi - 0.42, pi + 0.42)
    ]
    neck = (end[0] - 0.8 * head * cos(direction), end[1] - 0.8 * head * sin(direction))
    return line(start, neck, tone=tone, width=width) + area((end, *wings), tone=tone)


def bar(  # noqa: PLR0913 - a bar has a foot, a size and a number
    foot: Point, height: float, *, width: float, tone: Tone = "signal", key: str, pale: bool = False
) -> str:
    """Draw a bar that stands on a line, or hangs from it where its height is negative.

    Args:
        foot: the middle of its foot.
        height: how far it rises.
        width: how wide it is.
        tone: its colour.
        key: of the number that it shows, in the drawing; all bars of a drawing have one scale.
        pale: whether words or lines are to stand on it.
    """
    x, y = foot[0] - width / 2, min(foot[1], foot[1] - height)
    size = f'width="{shortest(width)}" height="{shortest(abs(height))}"'
    look = f'class="area {tone}{" pale" if pale else ""}" data-of={quoteattr(key)}'
    return f'<rect {look} x="{shortest(x)}" y="{shortest(y)}" {size}/>'


def box(corner: Point, size: Point, *, tone: Tone = "ink", filled: bool = False) -> str:
    """Draw a rectangle with round corners; a filled one is pale, so that words can stand on it."""
    look = f'class="area {tone} pale"' if filled else f'class="line {tone}" stroke-width="1.4"'
    place = f'x="{shortest(corner[0])}" y="{shortest(corner[1])}"'
    return f'<rect {look} {place} width="{shortest(size[0])}" height="{shortest(size[1])}" rx="4"/>'


def disc(
    centre: Point, radius: float, *, tone: Tone = "ink", filled: bool = True, width: float = 1.6
) -> str:
    """Draw a dot, or a ring that hides what is behind it."""
    look = "area" if filled else "ring"
    place = f'cx="{shortest(centre[0])}" cy="{shortest(centre[1])}" r="{shortest(radius)}"'
    return f'<circle class="{look} {tone}" stroke-width="{shortest(width)}" {place}/>'


def axis(start: Point, end: Point, ticks: Sequence[tuple[float, str]] = (), name: str = "") -> str:
    """Draw a level axis with what stands below it.

    Args:
        start: its left end.
        end: its right end, as high.
        ticks: places from left to right, and what each is called.
        name: what the axis shows, below its right end.
    """
    parts = [line(start, end, tone="faint", width=1.2)]
    for x, text in ticks:
        parts.append(line((x, start[1]), (x, start[1] + 5), tone="faint", width=1.2))
        parts.append(words((x, start[1] + 19), text, size=13))
    if name:
        parts.append(words((end[0], start[1] + (36 if ticks else 19)), name, anchor="end", size=13))
    return "".join(parts)


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{shortest(x)} {shortest(y)}" for x, y in points)
