"""The page in a real browser, opened from a file: by hand, by keyboard, on a phone."""

import gzip
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from study.site.explore import DIGITS, KINDS, SCRIPT, bundle, still
from tests.chromium import chromium
from tests.explore.browser import Tab
from tests.explore.engine import FOLDER, Engine, Settings

DOCS = FOLDER.parent
PAGE = FOLDER / "thousand-layers.md"
INDEX = """# Try it

::::{lesson} Halving & more
:settings: variance=1&depth=6
:right: 2
:picture: values

How much is left?

- All.
- A *sixty-fourth*.

:::{answer}
The rest.
:::
::::

```{explorable} layers
:settings: width=16&networks=3

A still picture.
```
"""
SMALL = "# Small ones\n\n" + "\n\n".join(f"```{{explorable}} {kind}\n```" for kind in KINDS[1:])
CONF = f"""
extensions = ["myst_parser", "moving"]
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_static_path = [{str(DOCS / "_static")!r}]
html_css_files = ["study.css"]
"""
EXTENSION = """
from study.site import explore, teaching

def setup(app):
    explore.connect(app)
    for name, directive in (explore.DIRECTIVES | teaching.DIRECTIVES).items():
        app.add_directive(name, directive)
"""
DONE = ".explorable[data-done]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a site of two pages on which something moves."""
    root = tmp_path_factory.mktemp("moving")
    pages = {"index.md": INDEX, "small.md": f"---\norphan: true\n---\n\n{SMALL}"}
    for name, text in {**pages, "conf.py": CONF, "moving.py": EXTENSION}.items():
        (root / name).write_text(text, encoding="utf-8")
    shutil.copytree(FOLDER, root / "explore", ignore=shutil.ignore_patterns("*.md"))
    complaints = StringIO()
    with pytest.MonkeyPatch.context() as patch, docutils_namespace():
        patch.syspath_prepend(str(root))
        patch.delenv("STUDY_DATA_DIR", raising=False)
        out = root / "out"
        app = Sphinx(root, root, out, root / "trees", "html", status=None, warning=complaints)
        app.build()
    assert not complaints.getvalue()
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Tab]:
    """Start the browser once."""
    with chromium() as browser:
        yield Tab(browser.new_context())


@pytest.fixture
def page(site: Path, browser: Tab) -> Iterator[Tab]:
    """Open the page of the layers on a desktop; at the end it must not have complained."""
    browser.complaints.clear()
    browser.resize(1280)
    browser.open((site / "index.html").as_uri())
    browser.wait(DONE)
    yield browser
    assert not browser.complaints


def told(page: Tab) -> str:
    """Return the sentence under the first picture, when all is drawn."""
    page.wait(DONE)
    page.ask("new Promise(requestAnimationFrame)")
    sentence: str = page.ask("document.querySelector('.explorable figure .told').textContent")
    return sentence


def expected(js: Engine, settings: dict[str, Any]) -> str:
    """Return the same sentence of the same settings, computed without a page."""
    drawn = [js("digits.drawnDigit", int(settings[key])) for key in ("first", "second")]
    inputs = [js("networks.embed", settings, js("digits.standardised", one)) for one in drawn]
    networks = [js("networks.run", settings, k, inputs) for k in range(settings["networks"])]
    for network in networks:
        network["end"] = js("networks.endingLayer", network["sizes"])
    state = {"settings": settings, "theory": js("compute.theory", settings), "networks": networks}
    sentence: str = js("pictures.PICTURES.size.told", state)
    return sentence


def test_all_that_is_loaded_is_small() -> None:
    script, style = bundle(FOLDER), (DOCS / "_static" / "explore.css").read_text()
    assert len(gzip.compress((script + style).encode())) < 40_000


def test_the_page_shows_the_numbers_of_its_functions(
    page: Tab, js: Engine, settings: Settings
) -> None:
    assert told(page) == expected(js, settings(width=16, networks=3))
    page.ask("document.querySelector('figure details').open = true")
    page.wait("figure table")
    assert page.ask("document.querySelectorAll('figure tbody tr').length") == 11


def test_without_scripts_there_is_a_picture_of_how_it_begins(
    site: Path, js: Engine, settings: Settings
) -> None:
    assert expected(js, settings()) in still(FOLDER, "layers")
    assert expected(js, settings(width=9)) in still(FOLDER, "histograms", "width=9")
    html = (site / "small.html").read_text(encoding="utf-8")
    assert [still(FOLDER, kind) in html for kind in KINDS[1:]] == [True] * 3
    assert still(FOLDER, "layers") not in (site / "index.html").read_text(encoding="utf-8")


def test_orthogonal_weights_say_that_they_take_long(page: Tab, site: Path) -> None:
    slow = "document.querySelector('.explorable form > p:not(.stops)').hidden"
    assert page.ask(slow) is True
    page.open(f"{(site / 'index.html').as_uri()}#distribution=orthogonal&width=256&depth=1000")
    assert page.ask(slow) is False


def test_settings_are_kept_in_the_address(
    page: Tab, site: Path, js: Engine, settings: Settings
) -> None:
    page.ask("""(() => {
      const all = [...document.querySelectorAll("select")];
      const select = all.find((one) => one.textContent.includes("tanh"));
      select.value = "tanh";
      select.onchange();
    })()""")
    assert "activation=tanh" in page.ask("location.hash")
    address = (site / "index.html").as_uri() + "#activation=tanh&depth=7&networks=2&width=8"
    page.open(address)
    assert told(page) == expected(js, settings(activation="tanh", depth=7, networks=2, width=8))


def test_it_is_computed_without_a_worker_as_well(
    browser: Tab, site: Path, js: Engine, settings: Settings
) -> None:
    with browser.beside("delete window.Worker") as tab:
        tab.open((site / "index.html").as_uri())
        assert tab.ask("typeof Worker") == "undefined"
        assert told(tab) == expected(js, settings(width=16, networks=3))


def test_a_worker_answers_where_there_are_workers(browser: Tab, site: Path) -> None:
    watch = """
      window.answers = 0;
      window.Worker = class extends Worker {
        constructor(...given) {
          super(...given);
          this.addEventListener("message", () => answers++);
        }
      };"""
    with browser.beside(watch) as tab:
        tab.open((site / "index.html").as_uri())
        tab.wait(DONE)
        assert tab.ask("answers") == 1 + 3 + 2  # the theory, three networks, the gaps, the end


def test_a_lesson_asks_before_it_shows(page: Tab) -> None:
    answer = "document.querySelector('.explorable-lesson details')"
    assert page.ask(f"{answer}.open") is False
    page.ask("document.querySelectorAll('.explorable-lesson li button')[1].click()")
    page.wait(".explorable-lesson li button.right")
    assert page.ask(f"{answer}.open") is True
    assert "variance=1&depth=6" in page.ask("location.hash")
    page.wait("details.picture[open] svg")
    assert page.ask("document.querySelector('.said').textContent") == "That is right."


def test_settings_are_given_as_commands(page: Tab, js: Engine, settings: Settings) -> None:
    shown = page.ask("""
      [...document.querySelectorAll(".stops:not(form *) button")].slice(0, 3).map((button) => {
        button.click();
        return document.querySelector(".copied").textContent;
      })""")
    chosen = settings(width=16, networks=3)
    here = page.ask("location.href")
    assert shown == [js("settings.asNox", chosen), js("settings.asTorch", chosen), here]


def test_the_slider_works_by_keyboard(page: Tab) -> None:
    page.ask("document.querySelector('.explorable input[type=range]').focus()")
    page.press("ArrowRight")
    shown = float(page.ask("document.querySelector('.explorable label b').textContent"))
    assert shown > 2
    assert f"variance={shown:g}" in page.ask("location.hash")


def test_the_layer_that_is_looked_at_follows_the_slider(page: Tab) -> None:
    page.ask("""(() => {
      document.querySelectorAll("details.picture").forEach((one) => (one.open = true));
      const layer = [...document.querySelectorAll("input[type=range]")].at(-1);
      layer.value = 3;
      layer.oninput();
    })()""")
    page.ask("new Promise(requestAnimationFrame)")
    sentences = page.ask("[...document.querySelectorAll('.told')].map((one) => one.textContent)")
    assert any(sentence.startswith("Layer 3 of the first network") for sentence in sentences)


@pytest.mark.parametrize("name", ["index.html", "small.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_and_loads_nothing_from_elsewhere(
    browser: Tab, site: Path, name: str, width: int
) -> None:
    browser.complaints.clear()
    browser.resize(width)
    browser.open((site / name).as_uri())
    browser.wait(DONE)
    browser.ask("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    browser.ask("new Promise(requestAnimationFrame)")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    loaded = browser.ask("performance.getEntriesByType('resource').map((one) => one.name)")
    assert all(one.startswith(("file:", "blob:", "data:")) for one in loaded)
    assert browser.ask("document.querySelectorAll('.explorable.alive').length") == (
        1 if name == "index.html" else len(KINDS) - 1
    )
    assert not browser.complaints


def test_whoever_does_not_see_it_hears_what_it_shows(page: Tab) -> None:
    page.ask("""document.querySelectorAll(".picture, .drawing ~ details")
      .forEach((one) => (one.open = true))""")
    page.wait("body:not(:has(.drawing:empty)):not(:has(.rows:empty))")
    unnamed = page.ask("""
      [...document.querySelectorAll(".explorable input, .explorable select, .explorable canvas")]
        .filter((one) => !(one.labels?.[0]?.textContent || one.ariaLabel))
        .map((one) => one.outerHTML)""")
    assert not unnamed
    pictures = page.ask("""
      [...document.querySelectorAll(".drawing")].filter((one) => !one.closest("[hidden]"))
        .map((one) => [one.firstElementChild.getAttribute("aria-label"),
                       one.parentElement.querySelectorAll("tbody tr").length])""")
    assert len(pictures) == 6
    assert all(label and rows for label, rows in pictures)
    assert page.ask("document.querySelector('.explorable .hidden-text').textContent")


def test_the_kinds_of_the_directive_are_those_of_the_script() -> None:
    script = (FOLDER / "page.mjs").read_text(encoding="utf-8")
    views = script[script.index("const VIEWS") : script.index("};", script.index("const VIEWS"))]
    assert tuple(re.findall(r"^  (\w+): \{", views, re.MULTILINE)) == KINDS


def test_every_lesson_has_settings_of_the_page_and_a_right_answer(js: Engine) -> None:
    lessons = re.findall(
        r"^::::\{lesson\} .*?^::::$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(lessons) == 6
    known = js("pictures.PICTURES")
    for lesson in lessons:
        options = dict(re.findall(r"^:(\w+): (.*)$", lesson, re.MULTILINE))
        settings = js("settings.read", options["settings"])
        for part in options["settings"].split("&"):
            key, _, value = part.partition("=")
            assert str(settings[key]) == value, part
        assert 1 <= int(options["right"]) <= lesson.count("\n- ")
        assert options.get("picture", "size") in known
        assert lesson.count("{verdict}") >= 1


def test_a_site_without_the_data_has_drawn_digits(site: Path) -> None:
    assert (site / "_static" / SCRIPT).read_text() == bundle(FOLDER)
    assert not (site / "_static" / DIGITS).read_text()
    html = (site / "index.html").read_text()
    assert "A still picture." in html
    assert "<h3>Halving &amp; more</h3>" in html
