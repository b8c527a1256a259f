"""The index of words that the search page asks."""

from functools import cache
from typing import TYPE_CHECKING

from sphinx.search.en import SearchEnglish

if TYPE_CHECKING:
    from collections.abc import Callable


class English(SearchEnglish):
    """English as Sphinx indexes it, with the stem of each word found once for all pages."""

    lang = "en-GB"

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._stems: Callable[[str], str] = cache(super().stem)

    def stem(self, word: str) -> str:
        """Return the stem of a word."""
        return self._stems(word)
