"""The index that the search page asks, and what the page shows of what is found."""

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sphinx.search.en import SearchEnglish
from sphinx.util.index_entries import split_index_msg

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


AMERICAN = r"(?<=\w{3})iz(?=(?:e|es|ed|er|ers|ing|ation|ations)$)"
"""The letters of American words that are others in British ones, in Python and in JavaScript."""

SYNONYMS = {
    "behavior": "behaviour",
    "center": "centre",
    "centered": "centred",
    "color": "colour",
    "colors": "colours",
    "gray": "grey",
    "xavier": "glorot",
    "init": "initialisation",
    "inits": "initialisation",
    "nonlinearity": "activation",
    "nonlinearities": "activation",
    "std": "deviation",
    "stdev": "deviation",
    "batchnorm": "normalisation",
    "layernorm": "normalisation",
    "rmsnorm": "normalisation",
    "adamw": "adam",
    "fp16": "float16",
    "bf16": "bfloat16",
    "fp32": "float32",
    "bib": "bibtex",
    "lr": "rate",
    "sqrt": "root",
    "resnet": "residual",
    "resnets": "residual",
    "skip": "residual",
    "rnn": "recurrent",
    "lstm": "recurrent",
    "gru": "recurrent",
    "quote": "cite",
    "citation": "cite",
    "reproduce": "rerun",
    "download": "file",
    "symbol": "letter",
    "symbols": "letters",
    "license": "licence",
    "deconvolution": "transposed",
    "dcgan": "transposed",
    "qkv": "queries",
    "swish": "silu",
    "siren": "sine",
    "custom": "own",
    "final": "last",
    "rectangular": "square",
    "transformer": "attention",
    "transformers": "attention",
    "multiheadattention": "attention",
    "mup": "maximal",
}
"""What is looked for under another word than the one that the pages use."""


def usual(word: str) -> str:
    """Return a word as the pages write it: in British spelling, and by the name that they use.

    ``search.js`` does the same to what is looked for.

    Args:
        word: in small letters.

    >>> usual("initialization"), usual("standardizing"), usual("size"), usual("xavier")
    ('initialisation', 'standardising', 'size', 'glorot')
    """
    word = re.sub(AMERICAN, "is", word)
    return SYNONYMS.get(word, word)


class English(SearchEnglish):
    """English as Sphinx indexes it, in one spelling, with each word's stem found once."""

    lang = "en-GB"

    def __init__(self, options: dict[str, str]) -> None:
        super().__init__(options)
        stem = super().stem
        self._stems: Callable[[str], str] = cache(lambda word: stem(usual(word.lower())))

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


def add_script(
    app: "Sphinx", page: str, _template: str, _context: dict[str, Any], _tree: object
) -> None:
    """Let the search page load what it finds words by, and what makes excerpts of pages.

    Args:
        app: Sphinx, about to write a page.
        page: its name.
    """
    if page == "search":
        words = json.dumps({"american": AMERICAN, "synonyms": SYNONYMS})
        app.add_js_file(None, body=f"const usualWords = {words};")
        app.add_js_file("search.js", loading_method="defer")  # when Sphinx's own are there
