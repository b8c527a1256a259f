"""The reruns on other machines that were reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.nodes import Node

from study.record import report
from study.site.freshness import ALL, REPORTS, note
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import Cell, table


class RerunReports(FromResults):
    """``rerun-reports``: one line for each report that came in, or that none did."""

    headings: ClassVar = ("Report", "Machine", "Size and data", "Agree", "Do not", "Undecided")

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the table."""
        note(self.env, ALL)
        rows: list[list[Cell]] = []
        for name, content in reports(library.root):
            counts = content.agreement
            rows.append(
                [
                    name,
                    ", ".join(map(str, content.machine.values())),
                    f"{content.scale}, {content.data}",
                    *(str(counts[word]) for word in ("yes", "no", "undecided")),
                ]
            )
        if rows:
            yield table(self.headings, rows)
        else:
            yield nodes.paragraph("", "No report has come in yet.")


def reports(root: Path) -> Iterator[tuple[str, report.Report]]:
    """Yield the reports that came in, by the names of their files.

    Args:
        root: the project's folder.
    """
    for path in sorted((root / REPORTS).glob("*.json")):
        yield path.stem, report.from_json(path.read_text(encoding="utf-8"), path.name)


DIRECTIVES = {"rerun-reports": RerunReports}
