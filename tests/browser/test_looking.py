"""Each fault that pages are looked at for is found where it is, and only there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import choosing, looking
from tests.browser.looking import Visit, visit

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>A page</title>
<style>
  .table-wrapper, .katex-display {{ width: 200px; overflow-x: auto; }}
  .cue {{ background: linear-gradient(red, blue) local; }}
  .wide {{ width: 900px; }}
</style></head>
<body><main><article><h1>A page</h1>{}</article></main></body></html>
"""
TABLE = '<div class="table-wrapper {}"><table class="{}"><tr><td>x</td></tr></table></div>'
FORMULA = (
    '<div class="math"><div class="katex-display {}"><span class="katex">'
    '<span class="base" style="display: inline-block; width: {}px">x</span></span></div></div>'
)
PICTURE = (
    '<svg viewBox="0 0 100 50" width="100" role="img" aria-label="A picture">'
    '<text y="20" font-size="{}">words</text>{}</svg>'
)
WARNING = "<script>console.warn('hush')</script>"
FAILURE = "<script>nothing.at.all</script>"
STRANGER = '<img src="http://other.invalid/x.png" alt="elsewhere">'

Look = Callable[[Visit], list[str]]


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Callable[[str, Look], list[str]]:
    """Look at a page of some content on a phone."""

    def found(content: str, check: Look) -> list[str]:
        path = tmp_path / "page.html"
        path.write_text(PAGE.format(content))
        with visit(browser, path.as_uri(), "phone") as here:
            return check(here)

    return found


@pytest.mark.parametrize(
    ("check", "content", "fault"),
    [
        (looking.cut, TABLE.format("", "wide"), "table x: no cue"),
        (looking.cut, FORMULA.format("", 900), "span x: no cue"),
        (looking.cut, '<table class="wide"><tr><td>x</td></tr></table>', "table x: sticks out"),
        (looking.cut, '<p class="wide">x</p>', "the page scrolls sideways"),
        (
            looking.cut,
            '<div style="overflow: hidden"><table class="wide"><tr><td>x</td></tr></table></div>',
            "table x: cut off",
        ),
        (looking.small_text, PICTURE.format(11, ""), '"words" has 11.0 px'),
        (looking.small_text, PICTURE.format(12, '<g id="DejaVuSans-41"/>'), "text as outlines"),
        (looking.barriers, "<img src='data:,'>", 'image-alt: <img src="data:,">'),
        (
            looking.barriers,
            '<p style="color: #aaa">grey</p>',
            'color-contrast: <p style="color: #aaa">grey</p>',
        ),
        (looking.noise, WARNING, "hush"),
        (looking.noise, FAILURE, "nothing is not defined"),
        (looking.strangers, STRANGER, "other.invalid"),
    ],
)
def test_a_fault_is_found(
    look: Callable[[str, Look], list[str]], check: Look, content: str, fault: str
) -> None:
    assert fault in look(content, check)


@pytest.mark.parametrize(
    ("check", "content"),
    [
        (looking.cut, TABLE.format("cue", "wide") + FORMULA.format("cue", 900)),
        (looking.cut, TABLE.format("", "") + FORMULA.format("", 100)),
        (looking.small_text, PICTURE.format(12, "")),
        (looking.barriers, "<p>black</p><img src='data:,' alt='A picture'>"),
        (looking.noise, "<p>quiet</p>"),
        (looking.strangers, "<img src='data:,' alt='here'>"),
    ],
)
def test_what_is_well_is_not_blamed(
    look: Callable[[str, Look], list[str]], check: Look, content: str
) -> None:
    assert look(content, check) == []


def test_what_must_be_scrolled_is_counted(look: Callable[[str, Look], list[str]]) -> None:
    code = f"<pre style='overflow-x: auto'>{'x' * 99}</pre>"
    content = FORMULA.format("cue", 900) + FORMULA.format("", 100) + TABLE.format("cue", "wide")
    content += code
    counts: dict[str, object] = {}
    look(content, lambda here: [*map(str, counts.update(looking.sideways(here)) or ())])
    assert counts == {
        "formulas": {"scrolling": 1, "all": 2},
        "tables": {"scrolling": 1, "all": 1},
        "codes": {"scrolling": 1, "all": 1},
    }


def test_a_line_that_a_script_writes_is_not_there_without_it(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    moving = "<div class='explorable'>moving</div>"
    script = "<script>x.append('late')</script>"
    path.write_text(PAGE.format(f"<p>here</p><p id=x></p>{moving}{script}"))
    with visit(browser, path.as_uri()) as here:
        assert looking.lines(here) == ["A page", "here", "late"]
    with visit(browser, path.as_uri(), scripts=False) as here:
        assert looking.lines(here) == ["A page", "here"]


def test_a_changed_file_names_the_pages_that_show_it() -> None:
    files = {
        "docs/chapters/the-loss.md": "chapters/the-loss",
        "docs/api.rst": "api",
        "outputs/reference/he/he_examples/values.json": "experiments/he_examples",
        "study/experiments/he/he_examples/figures.py": "experiments/he_examples",
        "study/experiments/he/shared.py": None,
        "docs/conf.py": None,
        "README.md": None,
    }
    assert {name: next(choosing.pages_of({name}), None) for name in files} == files
