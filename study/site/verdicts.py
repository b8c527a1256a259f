"""Directives that list claims by what became of them."""

from collections import Counter
from collections.abc import Iterator

from docutils import nodes
from docutils.nodes import Node

from study.errors import StudyError
from study.record.claims import Verdict
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import exploratory, section_link


class VerdictLinks(FromResults):
    """``verdict-links``: how many claims there are of each verdict, each a link to their list."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield one paragraph."""
        counts = Counter(
            Verdict(claim["verdict"])
            for run in self.use_all(library.reference)
            for claim in run.judgements
        )
        line = nodes.paragraph("", f"{counts.total()} claims: ", classes=["verdict-links"])
        for at, verdict in enumerate(verdict for verdict in Verdict if verdict in counts):
            text = f"{counts[verdict]} {verdict}"
            link = section_link(label(verdict), text, docname=self.env.docname)
            line += [nodes.Text(" · " if at else ""), link]
        yield line


class VerdictClaims(FromResults):
    """``verdict-claims verdict``: the claims with a verdict, each with its source."""

    required_arguments = 1
    final_argument_whitespace = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield a list."""
        if self.arguments[0] not in set(Verdict):
            choices = ", ".join(Verdict)
            raise StudyError(f"verdict: {self.arguments[0]} is none; choose from {choices}")
        items = nodes.bullet_list("", bullet="-")
        for run in self.use_all(library.reference):
            for claim in run.judgements:
                if claim["verdict"] == self.arguments[0]:
                    statement = self.link("claim", claim["id"], nodes.Text(claim["statement"]))
                    line = nodes.paragraph("", "", statement)
                    line += nodes.Text(f" {claim['source']['work']['cited_as']}")
                    if run.exploratory(claim["id"]):
                        line += [nodes.Text(" "), exploratory()]
                    items += nodes.list_item("", line)
        yield items if items.children else nodes.paragraph("", "None at present.")


def label(verdict: Verdict) -> str:
    """Return the label of the list of a verdict.

    >>> label(Verdict.NOT_TESTED)
    'verdict-not-tested'
    """
    return f"verdict-{verdict.replace(' ', '-')}"


DIRECTIVES = {"verdict-links": VerdictLinks, "verdict-claims": VerdictClaims}
