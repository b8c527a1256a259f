"""What runs with the budget of the papers would take, as it was measured in rehearsals."""

from collections.abc import Iterator
from typing import ClassVar

from docutils.nodes import Node

from study.record.results import read_json
from study.site.freshness import ALL, note
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, code, table
from study.site.sheets import duration

COSTS = "outputs/reference/costs.json"


class PaperCosts(FromResults):
    """``paper-costs``: a line for each experiment that has the size ``paper``."""

    headings: ClassVar = ("Experiment", "Before the draws", "A draw", "Draws", "All, one core")

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        note(self.env, ALL)
        self.env.note_dependency(str(library.root / COSTS))
        rows: list[list[Cell]] = []
        for name, costs in read_json(library.root / COSTS, {}).get("paper", {}).items():
            draws = library.runs[name].settings["experiment"]["draws"]
            choice, draw = costs.get("choice", 0.0), costs["draw"]
            total = choice + draws * draw
            rows.append([[code(name)], *map(duration, (choice, draw)), str(draws), duration(total)])
        yield table(self.headings, rows)


DIRECTIVES = {"paper-costs": PaperCosts}
