"""Who may import whom: the table that a test holds the study to, and the picture of it."""

import ast
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from docutils import nodes
from docutils.nodes import Node
from sphinx.util.docutils import SphinxDirective

from study.site.nodes import Cell, code, markup, table

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    name: frozenset(layers.split())
    for name, layers in {
        "errors": "",
        "theory": "theory errors",
        "record": "record theory errors",
        "lab": "lab theory errors",
        "experiments": "lab record theory errors experiments",
        "engine": "engine lab record theory errors interrupts catalogue configuring",
        "trying": "trying lab record theory errors",
        "drawings": "drawings theory errors",
        "site": "site drawings record theory errors",
    }.items()
}
"""What each layer may import of the study; an experiment of ``experiments`` only its own group. The
modules that are not named here, the top of the house, may import all of it."""

TORCH_FREE = frozenset({"errors", "theory", "record", "drawings", "site", "catalogue"})
"""What can be imported where there is no torch."""

MAY_FOLLOW: Mapping[str, frozenset[str]] = {
    "method": frozenset(),
    "claims": frozenset({"method"}),
    "figures": frozenset({"method", "claims"}),
}
"""Which of an experiment's files may import which others of it."""

TOP = "command line"
"""How the picture names the modules at the top of the house."""
WIDTH, HEIGHT, ACROSS, DOWN = 130, 40, 165, 95
"""Of a box, and from one box to the next."""


def below(layer: str) -> frozenset[str]:
    """Return what is drawn under a layer: what it may import of the layers.

    >>> sorted(below("site"))
    ['drawings', 'errors', 'record', 'theory']
    """
    if layer == TOP:
        return frozenset(MAY_IMPORT)
    return (MAY_IMPORT[layer] & MAY_IMPORT.keys()) - {layer}


def level(layer: str) -> int:
    """Return how high a layer stands: one above the highest that it may import.

    >>> level("errors"), level("theory"), level("lab"), level("record")
    (0, 1, 2, 2)
    """
    return 1 + max(map(level, below(layer)), default=-1)


def arrows() -> Iterator[tuple[str, str]]:
    """Yield who may import whom, but for what follows from other arrows.

    >>> ("site", "record") in arrows(), ("site", "theory") in arrows()
    (True, False)
    """
    for layer in (*MAY_IMPORT, TOP):
        further = frozenset(chain.from_iterable(map(below, below(layer))))
        yield from ((layer, lower) for lower in sorted(below(layer) - further))


def picture() -> str:
    """Return the layers as an SVG image, in the colour of the text around it."""
    rows: dict[int, list[str]] = {}
    for layer in sorted((*MAY_IMPORT, TOP)):
        rows.setdefault(level(layer), []).append(layer)
    width, top = max(map(len, rows.values())) * ACROSS, max(rows)
    place = {
        layer: (width / 2 + (at - (len(row) - 1) / 2) * ACROSS, (top - height) * DOWN + HEIGHT)
        for height, row in rows.items()
        for at, layer in enumerate(row)
    }
    lines = [
        f'<line x1="{place[above][0]:g}" y1="{place[above][1] + HEIGHT / 2:g}" '
        f'x2="{place[under][0]:g}" y2="{place[under][1] - HEIGHT / 2 - 8:g}" '
        'marker-end="url(#arrow)"/>'
        for above, under in arrows()
    ]
    boxes = [
        f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" '
        f'rx="6"/><text x="{x:g}" y="{y + 5:g}">{layer}</text>'
        for layer, (x, y) in place.items()
    ]
    description = "; ".join(
        f"{layer} above {', '.join(under for above, under in arrows() if above == layer)}"
        for layer in sorted(place, key=lambda layer: place[layer][1])
        if level(layer)
    )
    return (
        f'<svg class="layers" viewBox="0 0 {width} {top * DOWN + 2 * HEIGHT}" role="img" '
        f'aria-labelledby="layers-title layers-told"><title id="layers-title">The layers of the '
        'study</title><desc id="layers-told">Each may import what is below it: '
        f"{description}.</desc>"
        '<defs><marker id="arrow" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>'
        f"{''.join(lines)}{''.join(boxes)}</svg>"
    )


class Layers(SphinxDirective):
    """``layers``: a picture of who may import whom, and the same as a table."""

    def run(self) -> list[Node]:
        """Make both."""
        drawing = nodes.container("", markup(picture()), classes=["layers"])
        rows: list[list[Cell]] = [
            [
                [code(layer)],
                self.purpose(layer),
                ", ".join(sorted(MAY_IMPORT[layer] - {layer})) or "nothing",
                "no" if layer in TORCH_FREE else "yes",
            ]
            for layer in sorted(MAY_IMPORT, key=lambda layer: (-level(layer), layer))
        ]
        headings = ("Layer", "Holds", "May import", "Uses torch")
        return [drawing, table(headings, rows)]

    def purpose(self, layer: str) -> str:
        """Return the first line of the docstring of a layer."""
        study = Path(self.env.srcdir, self.config.study_root, "study")
        package = study / layer / "__init__.py"
        path = package if package.is_file() else study / f"{layer}.py"
        self.env.note_dependency(path.resolve())
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        return text.partition("\n")[0].rstrip(".")


DIRECTIVES = {"layers": Layers}
