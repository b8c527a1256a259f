"""Formulas, set by KaTeX when the site is built, so that no script is needed to read them.

The script of KaTeX comes with ``sphinxcontrib-katex``; V8, from a wheel, runs it in this process.
Each formula is set as MathML, which screen readers read, and as HTML, which is shown.
"""

import atexit
import json
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from study import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

SCRIPT = "sphinxcontrib/katex.min.js"
"""Where ``sphinxcontrib-katex`` has it."""


class FormulaError(ValueError):
    """A formula that KaTeX cannot read."""


@cache
def engine() -> MiniRacer:
    """Return a JavaScript engine that knows KaTeX, the same for a whole build."""
    script = metadata.distribution("sphinxcontrib-katex").locate_file(SCRIPT)
    result = MiniRacer()
    # Left to the end of the interpreter, it may wait for a thread that runs no more.
    atexit.register(result.close)
    result.eval(Path(str(script)).read_text(encoding="utf-8"))
    return result


@cache
def set_formula(tex: str, *, display: bool = False) -> str:
    r"""Return the HTML of a formula; each is set once in a build, wherever it stands.

    Args:
        tex: the formula as TeX, without delimiters.
        display: whether it stands on lines of its own.

    Raises:
        FormulaError: KaTeX does not understand it, or finds it doubtful.

    >>> set_formula(r"x^2").startswith('<span class="katex"><span class="katex-mathml"><math')
    True
    """
    options = json.dumps({"displayMode": display, "strict": "error", "throwOnError": True})
    try:
        return str(engine().eval(f"katex.renderToString({json.dumps(tex)}, {options})"))
    except JSEvalException as error:
        message = str(error).partition("ParseError: ")[2].partition("\n")[0]
        raise FormulaError(f"{tex}: {message or error}") from None


def checked(node: nodes.Element, *, display: bool = False) -> str:
    """Return the HTML of a formula of a page; a wrong one is a warning with its place."""
    try:
        return set_formula(node.astext(), display=display)
    except FormulaError as error:
        logger.warning("%s", error, location=node, type="math")
        return ""


def visit_inline(self: "HTML5Translator", node: nodes.math) -> None:
    """Write a formula of a line of text."""
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(f"{checked(node)}</span>")
    raise nodes.SkipNode


def visit_display(self: "HTML5Translator", node: nodes.math_block) -> None:
    """Write a formula that stands on lines of its own, with its number if it has one."""
    self.body.append(self.starttag(node, "div", "", CLASS="math"))
    self.body.append(checked(node, display=True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Let these set all formulas."""
    app.add_html_math_renderer("formulas", (visit_inline, None), (visit_display, None))
    app.add_css_file("katex/katex.min.css")
    app.add_css_file("formulas.css")
    return {
        "version": __version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
