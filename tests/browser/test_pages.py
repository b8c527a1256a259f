"""What a reader meets in a real browser, on a desktop and on a phone, in either mode."""

from collections import Counter

import pytest
from playwright.sync_api import Browser

from tests.browser import looking
from tests.browser.choosing import TEMPLATES, changed, pages, pages_of, sample
from tests.browser.looking import WIDTHS, visit
from tests.site.building import BUILT


@pytest.fixture(scope="module")
def names(site: str, pytestconfig: pytest.Config) -> list[str]:
    """Return the pages to look at: all in the full tier, else of each kind and what changed."""
    del site
    known = pages(BUILT / "html")
    chosen = {*TEMPLATES, *sample({*pages_of(changed())} & {*known})}
    return [name for name in known if pytestconfig.getoption("--full") or name in chosen]


def test_every_template_is_a_page(names: list[str]) -> None:
    assert sorted({*TEMPLATES} - {*names}) == []


def test_nothing_is_amiss(browser: Browser, site: str, names: list[str]) -> None:
    faults = []
    for name in names:
        for screen in WIDTHS:
            with visit(browser, f"{site}/{name}.html", screen) as here:
                found = [
                    *looking.cut(here),
                    *(looking.small_text(here) if screen == "phone" else []),
                    *looking.barriers(here),
                    *looking.noise(here),
                    *looking.strangers(here),
                ]
            faults += [f"{name}, {screen}: {fault}" for fault in found]
    assert faults == []


def test_dark_pages_have_contrast(browser: Browser, site: str, names: list[str]) -> None:
    faults = []
    for name in names:
        for screen in WIDTHS:
            with visit(browser, f"{site}/{name}.html", screen, "dark") as here:
                faults += [f"{name}: {x}" for x in looking.barriers(here, ["color-contrast"])]
    assert faults == []


def test_few_formulas_and_tables_and_no_code_must_be_scrolled_on_a_phone(
    browser: Browser, site: str, names: list[str]
) -> None:
    most = {"formulas": 0.1, "tables": 0.1, "codes": 0.0}
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in most}
    where = []
    for name in names:
        with visit(browser, f"{site}/{name}.html", "phone") as here:
            for kind, count in looking.sideways(here).items():
                counts[kind] += count
                if count["scrolling"]:
                    where.append(f"{name}: {count['scrolling']} of {count['all']} {kind}")
    for kind, count in counts.items():
        assert count["scrolling"] <= most[kind] * count["all"], (kind, count, where)


def test_every_line_of_a_page_is_there_without_scripts(
    browser: Browser, site: str, names: list[str]
) -> None:
    missing = []
    for name in names:
        texts = []
        for scripts in (True, False):
            with visit(browser, f"{site}/{name}.html", scripts=scripts) as here:
                texts.append(looking.lines(here))
        missing += [f"{name}: {line}" for line in texts[0] if line not in texts[1]]
    assert missing == []
