"""A claim's card with notes on how to read it."""

from collections.abc import Iterator
from itertools import chain

from docutils import nodes
from docutils.nodes import Node

from study.errors import StudyError
from study.site.cards import Card
from study.site.freshness import ALL, note
from study.site.from_results import FromResults
from study.site.library import Library
from study.site.nodes import definitions, paragraph

STATEMENT = "Statement"
"""Under what name the statement, which heads the card, has its note."""


class AnnotatedCard(FromResults):
    """``annotated-card id``: the card of a claim, and a note on each of its lines.

    Each line of the content is the name of a line of the card, a colon and the note.
    """

    required_arguments = 1
    has_content = True

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the card, and the notes as a numbered list."""
        run, claim = library.claim(self.arguments[0])
        self.use(run)
        note(self.env, ALL)
        card = Card(run, claim, library, self.env.docname)
        statement: list[Node] = paragraph(nodes.strong("", claim["statement"]))
        fields = dict(
            chain([(STATEMENT, statement)], card.fields(), card.control(), card.history())
        )
        notes = dict(self.notes())
        if missing := [name for name in fields if name not in notes]:
            raise StudyError(f"{self.arguments[0]}: there is no note on {', '.join(missing)}")
        if unknown := [name for name in notes if name not in fields]:
            raise StudyError(f"{', '.join(unknown)}: not on the card of {self.arguments[0]}")
        box = nodes.container(classes=["claim", "annotated"])
        listed = definitions(iter(fields.items()))
        for at, term in enumerate(listed.findall(nodes.term), start=1):
            mark = nodes.reference("", str(at), refid=f"note-{at}", internal=True)
            term += [nodes.Text(" "), nodes.superscript("", "", mark)]
        box += listed
        yield box
        items = nodes.enumerated_list(enumtype="arabic", suffix=".")
        for at, name in enumerate(fields, start=1):
            text = nodes.paragraph("", "", nodes.strong("", f"{name}. "), *notes[name])
            items += nodes.list_item("", text, ids=[f"note-{at}"])
        yield items

    def notes(self) -> Iterator[tuple[str, list[Node]]]:
        """Yield the name of each line that has a note, and the note."""
        for at, line in enumerate(self.content):
            name, _, text = line.partition(":")
            content, messages = self.parse_inline(text.strip(), lineno=self.content_offset + at)
            yield name, [*content, *messages]


DIRECTIVES = {"annotated-card": AnnotatedCard}
