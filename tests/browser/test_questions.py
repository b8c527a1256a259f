"""Things that people look for, and the page that has to be among the first three."""

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import visit

GUIDE, GAINS = "which-initialisation.html", "gains.html"
QUESTIONS = {
    "which initialisation": GUIDE,
    "which initialization": GUIDE,
    "relu": GUIDE,
    "gelu": GUIDE,
    "kaiming_normal_": GUIDE,
    "he init": GUIDE,
    "kaiming init": GUIDE,
    "xavier": GUIDE,
    "residual": GUIDE,
    "selu": GUIDE,
    "orthogonal": GUIDE,
    "gain": GAINS,
    "tanh gain": "chapters/the-gain-of-tanh.html",
    "table of gains": GAINS,
    "fan_in fan_out": "chapters/fan-in-or-fan-out.html",
    "fan in or fan out": "chapters/fan-in-or-fan-out.html",
    "thousand layers": "explore/thousand-layers.html",
    "depth 1000": "chapters/depth-1000-size.html",
    "halving variance relu": "chapters/variance-through-a-relu.html",
    "batch normalization": "chapters/batch-normalisation.html",
    "batchnorm": "chapters/batch-normalisation.html",
    "glorot law": "chapters/glorots-law.html",
    "sigmoid plateau": "chapters/the-sigmoid-plateau.html",
    "standardizing the input": "chapters/standardising-the-input.html",
    "number formats": "chapters/where-number-formats-end.html",
    "pytorch default": "chapters/what-pytorch-really-does.html",
    "order chaos": "chapters/order-and-chaos.html",
    "where a signal settles": "chapters/where-a-signal-settles.html",
    "variance across images": "chapters/the-variance-across-images.html",
    "narrow network": "chapters/directions-in-a-narrow-network.html",
    "learning rate of each layer": "chapters/how-fast-each-layer-learns.html",
    "six schemes": "chapters/six-schemes-side-by-side.html",
    "prelu": "chapters/learned-slopes.html",
    "bibtex": "cite.html",
    "relu-variance-ratio": "c/relu-variance-ratio/index.html",
    "gb-fig3-tanh-sequential": "c/gb-fig3-tanh-sequential/index.html",
}


@pytest.mark.parametrize(("words", "page"), QUESTIONS.items(), ids=str)
def test_what_is_looked_for_is_among_the_first_three(
    browser: Browser, site: str, words: str, page: str
) -> None:
    with visit(browser, f"{site}/search.html?q={words}") as here:
        here.page.wait_for_selector("#search-results li a")
        links = here.page.locator("#search-results li > a")
        pages = [str(links.nth(at).get_attribute("href")) for at in range(min(links.count(), 12))]
        first = list(dict.fromkeys(link.partition("#")[0].partition("?")[0] for link in pages))[:3]
        assert page in first


def test_the_ranking_is_no_accident(browser: Browser, site: str) -> None:
    with visit(browser, f"{site}/search.html?q=tanh") as here:
        ranked = "([p, n]) => Scorer.score([p, '', '', null, n, '', 'text'])"
        assert here.page.evaluate(ranked, ["which-initialisation", 5]) > here.page.evaluate(
            ranked, ["c/he-halves/index", 15]
        )
        assert here.page.evaluate("new Stemmer().stemWord('initialization')") == (
            here.page.evaluate("new Stemmer().stemWord('initialisation')")
        )
