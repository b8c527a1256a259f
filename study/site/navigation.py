"""The tree of all pages beside each page: made once for each folder, marked for each page."""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment.adapters.toctree import global_toctree_for_doc

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class SharedTree:
    """Gives templates a function ``toctree`` that gives what Sphinx's own does, without its work.

    Sphinx copies all sections of all pages for each page, to throw them away but for the titles.
    Pages of one folder have the same tree, but for where the reader is.
    """

    def __init__(self) -> None:
        self.trees: dict[tuple[object, ...], nodes.Element | None] = {}

    def __call__(
        self,
        app: "Sphinx",
        pagename: str,
        templatename: str,
        context: dict[str, Any],
        doctree: nodes.document | None,
    ) -> None:
        """Put the function into the context of a page.

        Args:
            app: Sphinx, about to write a page.
            pagename: the page.
            templatename: of no matter here.
            context: what its template is given.
            doctree: of no matter here.
        """
        del templatename, doctree
        builder, original = app.builder, context.get("toctree")
        if not isinstance(builder, StandaloneHTMLBuilder) or original is None:
            return

        def toctree(**options: Any) -> str:  # noqa: ANN401 - Sphinx's options
            if options.get("collapse", True) or not options.get("titles_only"):
                # Another tree on each page, with more of its own branch.
                return str(original(**options))
            # As a page of the folder sees it that no tree lists.
            nobody = posixpath.join(posixpath.dirname(pagename), "-")
            key = (nobody, *sorted(options.items()))
            if key not in self.trees:
                self.trees[key] = global_toctree_for_doc(
                    app.env, nobody, builder, tags=app.tags, **options
                )
            with marked(self.trees[key], builder.get_relative_uri(nobody, pagename)) as tree:
                return without_headings(builder.render_partial(tree)["fragment"])

        context["toctree"] = toctree


def without_headings(html: str) -> str:
    """Let captions of lists be text, since as headings they would have no level.

    >>> without_headings('<p class="caption" role="heading">Use it</p>')
    '<p class="caption">Use it</p>'
    """
    return html.replace('<p class="caption" role="heading">', '<p class="caption">')


@contextmanager
def marked(tree: nodes.Element | None, page: str) -> Iterator[nodes.Element | None]:
    """Mark in a tree where the reader is, for a while.

    Args:
        tree: the tree of all pages.
        page: how the tree links to the page.

    Yields:
        The tree, in which the links to the page lead nowhere and are current, as are all branches
        that lead to them.
    """
    links = [] if tree is None else tree.findall(nodes.reference)
    matches = [link for link in links if link["refuri"] == page]
    branches = [branch for link in matches for branch in (link, *_above(link))]
    for branch in branches:
        branch["classes"].append("current")
    for link in matches:
        link["refuri"] = ""
    yield tree
    for branch in branches:
        branch["classes"].remove("current")
    for link in matches:
        link["refuri"] = page


def _above(node: nodes.Element) -> Iterator[nodes.Element]:
    """Yield the items and lists that a link of a tree is in."""
    while isinstance(node.parent, nodes.bullet_list | nodes.list_item | nodes.paragraph):
        node = node.parent
        yield node
