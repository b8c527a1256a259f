"""What a search shows of the pages that it finds."""

import re

import pytest
from playwright.sync_api import Browser

from study.site.formulas import set_formula
from tests.browser.looking import visit

TEX = re.compile(r"\\[a-zA-Z]+|[_^]\{")
"""A command, or an index, of TeX."""
QUOTED = r"\frac{5}{3}"
"""What a note that is quoted writes so itself."""
PATIENCE = 60_000
"""Milliseconds after which a test gives up on what does not come."""

CELLS = "<table><tr><th>gain</th><td>2</td></tr><tr><td>tanh</td><td>1</td></tr></table>"
CONTENTS = {
    "<p>one</p><p>two<a class='headerlink'>¶</a></p>": "one two",
    "<svg><text>0.5</text></svg><p>seen</p>": "seen",
    CELLS: "gain · 2 tanh · 1",
    r"\frac{2}{n}": "2/n",
    r"\frac{1 + a^2}{2}": "(1+a^2)/2",
    r"\sqrt{5}": "√5",
    r"h_l = f(W_l h_{l-1})": "h_l = f(W_lh_(l−1))",
    r"\tanh z": "tanh z",
    r"\max(z, 0)": "max(z,0)",
    r"\sum_{i=1}^n x_i'": "∑_(i = 1)^nx_i^′",
    r"\hat{x} \approx 2^{-149}": "x ≈ 2^(−149)",
}


def test_an_excerpt_is_a_line_of_text(browser: Browser, site: str) -> None:
    with visit(browser, f"{site}/search.html") as here:
        for content, text in CONTENTS.items():
            html = content if content.startswith("<") else set_formula(content)
            page = f"<div role='main'>{html}</div>"
            assert here.page.evaluate("(html) => Search.htmlToText(html)", page) == text


@pytest.mark.parametrize(
    ("words", "part"),
    [("variance", ""), ("kaiming", ""), ("gain of tanh", "stable erf erf z · 1.4672 · ")],
)
def test_excerpts_of_the_site_hold_no_formula_as_it_is_written(
    browser: Browser, site: str, words: str, part: str
) -> None:
    with visit(browser, f"{site}/search.html?q={words}") as here:
        shown = here.page.locator("#search-results .context")
        # They come one by one, in no certain order.
        shown.nth(5).wait_for(timeout=PATIENCE)
        shown.filter(has_text=part).first.wait_for(timeout=PATIENCE)
        excerpts = shown.all_inner_texts()
        written = [excerpt for excerpt in excerpts if TEX.search(excerpt)]
        assert [excerpt for excerpt in written if QUOTED not in excerpt] == []
        assert here.messages == []
