"""Every drawing is readable, and every number on it is computed once more, another way."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from math import isclose
from pathlib import Path

import pytest

from study.drawings import DRAWINGS
from study.drawings.canvas import SMALLEST, WIDTH, Drawing, number

SHEET = Path(__file__).parents[2] / "docs" / "_static" / "study.css"
DRAWN = {name: draw() for name, draw in DRAWINGS.items()}
LETTER = 0.58
"""How wide a letter of size 1 is at most, on average over a line."""
RECOMPUTED = {
    name.replace("_", "-"): numbers
    for path in sorted((Path(__file__).parent / "recomputed").glob("*.py"))
    for module in [import_module(f"tests.drawings.recomputed.{path.stem}")]
    for name, numbers in vars(module).items()
    if callable(numbers)
}
EXPLAINED = re.compile(
    r"(?<![\w.,·⁻-])[−]?\d[\d.]*(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?(?![\w⁻⁰¹²³⁴⁵⁶⁷⁸⁹]|/[a-z])"
)

every_drawing = pytest.mark.parametrize("drawing", DRAWN.values(), ids=DRAWN)


def elements(drawing: Drawing) -> list[ET.Element]:
    return list(ET.fromstring(drawing.svg("a")).iter())  # noqa: S314 - made here


@dataclass(frozen=True)
class Box:
    text: str
    left: float
    right: float
    top: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0 and down > 0


def boxes(drawing: Drawing) -> Iterator[Box]:
    """Yield about where each text is."""
    for item in elements(drawing):
        if item.tag != "text":
            continue
        text, size = str(item.text), float(item.attrib["font-size"])
        width = LETTER * size * len(text)
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[item.attrib["text-anchor"]]
        left, y = float(item.attrib["x"]) - before * width, float(item.attrib["y"])
        yield Box(text, left, left + width, y - 0.72 * size, y + 0.18 * size)


@every_drawing
def test_texts_are_large_enough_inside_and_apart(drawing: Drawing) -> None:
    found = list(boxes(drawing))
    sizes = [float(item.attrib["font-size"]) for item in elements(drawing) if item.tag == "text"]
    assert min(sizes) >= SMALLEST
    outside = [
        box
        for box in found
        if not (box.left >= 0 and box.right <= WIDTH and box.top >= 0)
        or box.bottom > drawing.height
    ]
    assert outside == []
    pairs = [(one, other) for at, one in enumerate(found) for other in found[:at]]
    assert [(one.text, other.text) for one, other in pairs if one.overlaps(other)] == []


@every_drawing
def test_every_colour_is_one_of_the_style_sheet(drawing: Drawing) -> None:
    sheet = SHEET.read_text(encoding="utf-8")
    classes = {name for item in elements(drawing) for name in item.attrib.get("class", "").split()}
    assert {name for name in classes - {"drawing"} if f".drawing .{name} {{" not in sheet} == set()
    painted = [item for item in elements(drawing) if {"fill", "stroke", "style"} & set(item.attrib)]
    assert painted == []


def luminance(colour: str) -> float:
    """Return the relative luminance that WCAG defines."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_from_the_page_in_both_modes() -> None:
    sheet = SHEET.read_text(encoding="utf-8")
    light, *dark = (
        set(re.findall(r"--drawing-\w+: (#\w+)", rule))
        for rule in re.findall(r"\{[^{}]*--drawing-[^{}]*\}", sheet)
        if "--drawing-signal: #" in rule
    )
    assert min(contrast(colour, "#ffffff") for colour in light) >= 4.5
    assert len(dark) == 2
    assert min(contrast(colour, "#131416") for colours in dark for colour in colours) >= 4.5
    assert contrast("#777777", "#ffffff") < 4.5


@every_drawing
def test_every_number_that_is_shown_is_named(drawing: Drawing) -> None:
    known = {number(value) for value in drawing.numbers.values()}
    texts = [str(item.text) for item in elements(drawing) if item.tag in {"text", "desc"}]
    shown = {found.rstrip(".") for text in texts for found in EXPLAINED.findall(text)}
    assert sorted(shown - known) == []


@every_drawing
def test_bars_are_as_long_as_their_numbers(drawing: Drawing) -> None:
    bars = [item.attrib for item in elements(drawing) if "data-of" in item.attrib]
    scales = [
        float(bar["height"]) / abs(drawing.numbers[bar["data-of"]])
        for bar in bars
        if float(bar["height"]) > 2
    ]
    assert not scales or max(scales) - min(scales) < 0.03 * max(scales)


@pytest.mark.parametrize("name", DRAWN)
def test_every_number_comes_out_another_way(name: str) -> None:
    numbers, others = DRAWN[name].numbers, RECOMPUTED[name]()
    assert numbers.keys() == others.keys()
    pairs = {key: (number, others[key]) for key, number in numbers.items()}
    assert {key: pair for key, pair in pairs.items() if not close(*pair)} == {}


def close(one: float, other: float) -> bool:
    """Whether two numbers are shown as the same."""
    return isclose(one, other, rel_tol=2e-3, abs_tol=1e-9)


def test_a_wrong_number_is_noticed() -> None:
    assert not close(0.341, 0.338)
    assert EXPLAINED.findall("mean 0.399, −1 of 3·10⁻¹¹ and w₁, 1/n, 2") == [
        "0.399",
        "−1",
        "3·10⁻¹¹",
        "2",
    ]


def test_texts_on_each_other_are_noticed() -> None:
    one = Box("a", 0, 10, 0, 10)
    assert one.overlaps(Box("b", 9, 20, 9, 20))
    assert not one.overlaps(Box("b", 10, 20, 0, 10))
