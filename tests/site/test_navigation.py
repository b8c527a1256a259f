"""The tree of all pages beside each page."""

from typing import Any

import pytest
from sphinx.application import Sphinx

from .conftest import Project

FURO = {"collapse": False, "titles_only": True, "maxdepth": -1, "includehidden": True}


@pytest.mark.parametrize(
    "options", [FURO, {**FURO, "titles_only": False}, {**FURO, "collapse": True}]
)
def test_the_shared_tree_is_what_sphinx_makes_for_each_page(
    project: Project, options: dict[str, Any]
) -> None:
    trees: dict[str, list[str]] = {}

    def note(app: Sphinx, page: str, template: str, context: dict[str, Any], _: object) -> None:
        del app, template
        trees.setdefault(page, []).append(context["toctree"](**options))

    def prepare(app: Sphinx) -> None:
        app.connect("html-page-context", note, priority=399)
        app.connect("html-page-context", note, priority=401)

    project.build("## Section", prepare)
    assert {"index", "cite", "experiments/index", "experiments/halving", "search"} <= set(trees)
    assert [page for page, (own, shared) in trees.items() if own != shared] == []
    assert all("current" in trees[page][0] for page in ("cite", "experiments/halving"))
