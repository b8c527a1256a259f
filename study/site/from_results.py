"""What all directives over stored results share."""

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from docutils import nodes
from docutils.nodes import Node
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from study.errors import StudyError
from study.record.results import Run
from study.site.cards import linked
from study.site.domain import Entry, StudyDomain, page_of
from study.site.freshness import ALL, note
from study.site.library import Library, load
from study.site.nodes import code, link, section_link


class FromResults(SphinxDirective):
    """A directive that shows stored results; a wrong name is an error with file and line."""

    def run(self) -> list[Node]:
        """Make the nodes, or report what was not found."""
        try:
            content = list(self.make(load(Path(self.env.srcdir, self.config.study_root))))
        except StudyError as error:
            raise self.error(f"{self.name}: {error}") from None
        for node in content:
            self.set_source_info(node)
        return content

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

    def link(self, kind: str, target: str, *content: Node) -> Node:
        """Link from this page to an object of the domain ``study``."""
        return link(kind, target, *content, docname=self.env.docname)

    def linked(self, text: str, library: Library) -> list[Node]:
        """Return a text in which each id of a claim is a link to its page."""
        note(self.env, ALL)
        return linked(text, library, self.env.docname)

    def section(self, label: str, text: str = "") -> Node:
        """Link to a section by its label, under its own title or another text."""
        return section_link(label, text, docname=self.env.docname)

    def relative(self, path: Path) -> str:
        """Return the way from this page's source to a file."""
        return os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)

    def download(self, path: Path) -> Node:
        """Offer a file for download, by its name."""
        target = self.relative(path)
        return addnodes.download_reference(
            "", "", code(path.name), reftarget=target, refdoc=self.env.docname
        )

    def value(self, run: Run, key: str, text: str) -> Node:
        """Link to a value of a run, under a text that shows it."""
        return self.link("value", f"{run.folder.name}:{key}", nodes.Text(text))

    def target(
        self,
        node: nodes.Element,
        kind: str,
        name: str,
        anchor: str = "",
        text: str = "",
    ) -> None:
        """Make a node the place of an object of the domain ``study``.

        Args:
            node: what a link is to lead to.
            kind: the type of the object.
            name: its name.
            anchor: the end of its address; none stands for the page as a whole.
            text: what another site shows for it; its name if it is empty.
        """
        node["ids"] += [anchor] if anchor else []
        page = self.env.docname
        self._note(node, kind, name, Entry(page, anchor, text or name, read=page))

    def place_of_claim(self, node: nodes.Element, claim: str, text: str = "") -> None:
        """Let an old address of a claim lead to a node, and links to the claim to its own page.

        Args:
            node: the place at which the claim once had its card.
            claim: its id.
            text: what another site shows for it; its id if it is empty.
        """
        node["ids"].append(claim)
        self._note(node, "claim", claim, Entry(page_of(claim), "", text or claim, self.env.docname))

    def _note(self, node: nodes.Element, kind: str, name: str, entry: Entry) -> None:
        self.set_source_info(node)
        domain = cast("StudyDomain", self.env.domains[StudyDomain.name])
        domain.note_object(kind, name, entry, node)
