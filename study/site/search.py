"""The index that the search page asks."""

from functools import cache
from typing import TYPE_CHECKING

from sphinx.search.en import SearchEnglish
from sphinx.util.index_entries import split_index_msg

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class English(SearchEnglish):
    """English as Sphinx indexes it, with the stem of each word found once for all pages."""

    lang = "en-GB"

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        self._stems: Callable[[str], str] = cache(super().stem)

    def stem(self, word: str) -> str:
        """Return the stem of a word."""
        return self._stems(word)


def keep_entries(app: "Sphinx", env: "BuildEnvironment") -> None:
    """Give the search the index entries of all pages, also of those that are not written again.

    Sphinx reads the words of those pages from the search index of last time, but not their entries.

    Args:
        app: Sphinx, once it has read all pages.
        env: what it has read, now and before.
    """
    del app
    index = env._search_index_index_entries  # noqa: SLF001 - where Sphinx collects them
    index.clear()
    for page, entries in env.domains.index_domain.entries.items():
        index[page] = sorted(
            {
                (text, target or "", main or "")
                for kind, value, target, main, _ in entries
                for text in split_index_msg(kind, value)
            }
        )
