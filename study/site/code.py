"""Code whose long lines are wrapped on a phone, deeper than they begin."""

from collections.abc import Iterator
from html import unescape
from re import sub
from typing import TYPE_CHECKING

from pygments.formatters import HtmlFormatter
from sphinx.highlighting import PygmentsBridge

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FITS = 36
"""So many characters stand on a line of any screen."""
BEFORE = " >.$"
"""Signs that stand before the code of a line, as its indent and the prompt of a session."""


class Lines(HtmlFormatter[str]):  # type: ignore[misc] # it has no types
    """Writes code as Pygments does, with each long line as an element that knows its indent."""

    def wrap(self, source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Put lines into elements, and all of them into a block."""
        yield from super().wrap((kind, wrapped(line)) for kind, line in source)


def wrapped(line: str) -> str:
    r"""Return a line of HTML as an element, if it is long.

    Args:
        line: of code, in which tags begin and end.

    >>> wrapped("<b>if</b> x:\n")
    '<b>if</b> x:\n'
    >>> wrapped("... loss = torch.nn.functional.cross_entropy(outputs, labels)\n")[:49]
    '<span class="line" style="--indent: 4ch">... loss'
    """
    text = unescape(sub("<[^>]*>", "", line)).rstrip()
    if len(text) <= FITS:
        return line
    indent = len(text) - len(text.lstrip(BEFORE))
    return f'<span class="line" style="--indent: {indent}ch">{line}</span>'


def connect(app: "Sphinx") -> None:
    """Let pages hold code so.

    Args:
        app: Sphinx, at its start.
    """
    app.connect("config-inited", lambda *_: setattr(PygmentsBridge, "html_formatter", Lines))
