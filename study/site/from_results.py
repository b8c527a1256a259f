"""What all directives over stored results share."""

import os
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from study.errors import StudyError
from study.record.results import Run
from study.site.freshness import ALL, note
from study.site.library import Library, load
from study.site.nodes import code, link

RERUN = "nox -s run -- experiment={name}"


class FromResults(SphinxDirective):
    """A directive that shows stored results; a wrong name is an error with file and line."""

    def run(self) -> list[Node]:
        """Make the nodes, or report what was not found."""
        try:
            return list(self.make(load(Path(self.env.srcdir, self.config.study_root))))
        except StudyError as error:
            raise self.error(f"{self.name}: {error}") from None

    @abstractmethod
    def make(self, library: Library) -> Iterator[Node]:
        """Yield what the page is to show."""

    def use(self, run: Run) -> Run:
        """Note that this page depends on a run, and return the run."""
        note(self.env, run.folder.name)
        return run

    def use_all(self, runs: Mapping[str, Run]) -> list[Run]:
        """Note that this page depends on which runs there are, and on each of them."""
        note(self.env, ALL)
        return [self.use(run) for run in runs.values()]

    def chosen(self, library: Library) -> Run:
        """Return the run that the directive's argument names."""
        return self.use(library.run(self.arguments[0]))

    def link(self, target: str, *content: Node) -> Node:
        """Link to a label from this page."""
        return link(target, *content, docname=self.env.docname)

    def linked(self, text: str, library: Library) -> list[Node]:
        """Return a text in which each id of a claim is a link to its card."""
        note(self.env, ALL)
        return [
            self.link(part, code(part)) if part in library.claims else nodes.Text(part)
            for part in re.split(r"([a-z0-9]+(?:-[a-z0-9]+)+)", text)
            if part
        ]

    def section(self, label: str) -> Node:
        """Link to a section by its label, under its own title."""
        return addnodes.pending_xref(
            "",
            nodes.inline(label, label, classes=["xref"]),
            refdoc=self.env.docname,
            refdomain="std",
            reftype="ref",
            reftarget=label,
            refexplicit=False,
            refwarn=True,
        )

    def relative(self, path: Path) -> str:
        """Return the way from this page's source to a file."""
        return os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)

    def download(self, path: Path) -> Node:
        """Offer a file for download, by its name."""
        target = self.relative(path)
        return addnodes.download_reference(
            "", "", code(path.name), reftarget=target, refdoc=self.env.docname
        )

    def label(self, node: nodes.Element, target: str, title: str) -> None:
        """Make a node the target of links to a label."""
        node["ids"].append(target)
        standard = self.env.domains.standard_domain
        standard.labels[target.lower()] = (self.env.docname, target, title)
        standard.anonlabels[target.lower()] = (self.env.docname, target)
