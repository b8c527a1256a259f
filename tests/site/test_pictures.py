import re
from pathlib import Path

from bs4 import BeautifulSoup

from study.record.plotting import COLOURS, INK
from study.site.pictures import inlined
from tests.site.conftest import SVG

ROOT = Path(__file__).parents[2]
STYLE = ROOT / "docs" / "_static" / "reading.css"
REFERENCE = ROOT / "outputs" / "reference"


def test_a_picture_scales_and_says_what_it_shows() -> None:
    (svg,) = BeautifulSoup(inlined(SVG, "a", 'A "level" line.'), "html.parser")("svg")
    assert svg.attrs == {
        "class": ["picture"],
        "role": "img",
        "aria-label": 'A "level" line.',
        "viewbox": "0 0 9 9",
    }


def test_a_picture_brings_no_style_for_the_rest_of_the_page() -> None:
    text = inlined(SVG, "a", "A line.")
    assert "<style" not in text
    assert "metadata" not in text
    assert "font-family" not in text


def test_what_a_picture_names_within_itself_is_its_own() -> None:
    text = inlined(SVG, "halving-level", "A line.")
    assert '<clipPath id="halving-level-p1">' in text
    assert '<g clip-path="url(#halving-level-p1)"><use href="#halving-level-p1"' in text


def test_coordinates_are_as_fine_as_one_can_see() -> None:
    assert '<path d="M 0.12 -9.00"/>' in inlined(SVG, "a", "A line.")


def test_the_numbers_that_are_read_stay_as_they_are() -> None:
    def told(svg: str) -> list[str]:
        return re.findall(r"<text[^>]*>([^<]*)<", svg)

    files = sorted(REFERENCE.glob("*/*/figures/*.svg"))
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert any("0.0125" in told(text) for text in texts.values())
    changed = [
        path.name for path, text in texts.items() if told(inlined(text, "a", "")) != told(text)
    ]
    assert changed == []


def test_each_colour_of_light_pages_has_another_on_dark_ones() -> None:
    assert "fill: var(--0072b2, #0072b2)" in inlined(SVG, "a", "A line.")
    light, dark = ((INK[mode], *COLOURS[mode]) for mode in ("light", "dark"))
    expected = {x[1:].lower(): y.lower() for x, y in zip(light, dark, strict=True)}
    rules = re.findall(r"\.picture \{([^}]*--[^}]*)\}", STYLE.read_text())
    given = [dict(re.findall(r"--(\w+): (#\w+);", rule)) for rule in rules]
    assert given == [expected, expected]
