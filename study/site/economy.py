"""What spares the processor without changing a byte of any page."""

import gc
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from sphinx.application import Sphinx

THRESHOLD = 100_000
"""How many objects Python may make before it looks for those that nobody needs: pages are made of
many that all stay, and by default a third of a build goes into looking at them."""


class English(SearchEnglish):
    """English as Sphinx indexes it, with the stem of each word found once for all pages."""

    lang = "en-GB"

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._stems: Callable[[str], str] = cache(super().stem)

    def stem(self, word: str) -> str:
        """Return the stem of a word."""
        return self._stems(word)


def tidy_seldom(app: "Sphinx") -> None:
    """Let Python look for unneeded objects seldom, and as before once the build has ended.

    Args:
        app: Sphinx, before it reads pages.
    """
    before = gc.get_threshold()
    gc.set_threshold(THRESHOLD, *before[1:])
    app.connect("build-finished", lambda _app, _exception: gc.set_threshold(*before))
