"""The list of all claims, as somebody uses it who follows a link to a choice of them."""

from playwright.sync_api import Browser

from tests.browser.looking import WIDTHS, visit

CHOICE = "verdict=depends&source=glorot-2010"


def test_a_choice_that_is_linked_to_is_in_sight_and_stays_when_one_comes_back(
    browser: Browser, site: str
) -> None:
    # As the browser lays it out by itself, which decides where the list is.
    page = browser.new_page(viewport={"width": WIDTHS["phone"], "height": 900})
    page.goto(f"{site}/claims.html?{CHOICE}")
    rows = page.locator("#list-of-claims tbody tr:visible")
    count = rows.count()
    assert 0 < count < 100
    # The page goes there once it is laid out; if it does not, this ends with an error.
    page.wait_for_function(
        "() => { const { top } = document.querySelector('.claim-filter').getBoundingClientRect();"
        " return top >= 0 && top < 300; }"
    )
    rows.first.locator("a").first.click()
    page.wait_for_url("**/c/*/index.html")
    page.go_back()
    page.wait_for_url(f"**/claims.html?{CHOICE}")
    assert rows.count() == count
    page.close()


def test_words_are_found_in_either_spelling(browser: Browser, site: str) -> None:
    counts = []
    for word in ("initialisation", "initialization"):
        with visit(browser, f"{site}/claims.html?q={word}") as here:
            counts.append(here.page.locator("#list-of-claims tbody tr:visible").count())
    assert counts[0] == counts[1] > 0
