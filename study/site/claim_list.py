"""The list of all claims, which a script lets one filter and sort, and which is a list without."""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.util.docutils import SphinxRole

from study.record.claims import Kind, Verdict
from study.record.results import Run
from study.site.cards import measured
from study.site.claims import expected, first
from study.site.domain import page_of
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import chosen, colour, markup
from study.site.parts import by_label, by_part
from study.site.templates import template
from study.theory.sources import WORKS

FIRST = {"claim": "the claim", "numbers": "numbers (exploratory)", "none": "not known yet"}
"""What came first, in words."""


class ClaimList(FromResults):
    """``claim-list``: all claims with their verdicts, in the order of their sources."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the list, and above it what a script lets one choose."""
        self.use_all(library.reference)
        docs = Path(self.env.srcdir)
        places = {
            name: (part, page or "")
            for part, pages in by_part(docs, list(library.reference)).items()
            for name, page in pages.items()
        }
        # An experiment may belong to several chapters, a claim to the one that derives it.
        sections = by_label(docs)
        rows = [
            self.row(
                run, claim, *sections.get(claim.get("derivation") or "", places[run.folder.name])
            )
            for work in WORKS
            for run in library.reference.values()
            for claim in run.judgements
            if claim["source"]["work"]["key"] == work.key
        ]
        anchors = {row["source"]: row for row in reversed(rows)}
        for source, row in anchors.items():
            row["anchor"] = f"claims-of-{source}"
        static = posixpath.relpath("_static/claims.js", self.here).removesuffix("claims.js")
        text = template("claim_list.html").render(
            rows=rows, filters=list(filters(rows)), static=static
        )
        # The search knows each claim by its own page.
        yield nodes.container("", markup(text), classes=["no-search"])

    @property
    def here(self) -> str:
        """The folder of the page."""
        return posixpath.dirname(self.env.docname) or "."

    def row(self, run: Run, claim: Mapping[str, Any], part: str, chapter: str) -> dict[str, str]:
        """Return what is shown of a claim, and what it is chosen by."""
        predicted, accepted = expected(claim)
        return {
            "id": claim["id"],
            "page": posixpath.relpath(f"{page_of(claim['id'])}.html", self.here),
            "statement": claim["statement"],
            "verdict": claim["verdict"],
            "colour": colour(claim["verdict"]),
            "kind": claim.get("kind") or "not tested",
            "source": claim["source"]["work"]["key"],
            "cited_as": claim["source"]["work"]["cited_as"],
            "chapter": posixpath.basename(chapter),
            "part": part,
            "first": first(run, claim),
            "measured": measured(run, claim),
            "predicted": predicted,
            "accepted": accepted,
            "anchor": "",
        }


def filters(rows: list[dict[str, str]]) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield each way to choose: its name, its label, and the values there are with their words.

    Args:
        rows: of the list.
    """

    def there(name: str, words: Mapping[str, str]) -> list[tuple[str, str]]:
        values = dict.fromkeys(row[name] for row in rows)
        return [(value, text) for value, text in words.items() if value in values]

    yield "verdict", "Verdict", there("verdict", {word: word for word in Verdict})
    yield "source", "Source", there("source", {work.key: work.cited_as for work in WORKS})
    yield "kind", "Kind", there("kind", {kind: kind for kind in [*Kind, "not tested"]})
    chapters = {row["chapter"]: row["chapter"].replace("-", " ") for row in rows if row["chapter"]}
    yield "chapter", "Chapter", there("chapter", chapters)
    yield "part", "Part", there("part", {row["part"]: row["part"] for row in rows})
    yield "first", "What came first", there("first", FIRST)


class ClaimsRole(SphinxRole):
    """``{study:claims}`text <source=he-2015&verdict=contradicted>```: a choice of all claims."""

    names: ClassVar = {"q", "verdict", "source", "kind", "chapter", "part", "first", "sort"}

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Link to the list with a choice made."""
        text, _, rest = self.text.partition("<")
        choice = rest.rstrip("> ")
        if not choice or (unknown := parse_qs(choice).keys() - self.names):
            wrong = ", ".join(sorted(unknown)) if choice else "no choice"
            message = self.inliner.reporter.error(
                f"{self.name}: {wrong}; choose from {', '.join(sorted(self.names))}",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        return [chosen(choice, text.strip(), self.env.docname)], []


DIRECTIVES = {"claim-list": ClaimList}
