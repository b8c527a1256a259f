"""The Sphinx domain ``study``: what pages, of this site and of others, can cite by name.

====================  ==================  =============================================
object type           name                its place
====================  ==================  =============================================
``study:claim``       ``he-halves``       its own page
``study:value``       ``halving:factor``  its row, on the data sheet of its experiment
``study:experiment``  ``halving``         its data sheet
``study:work``        ``he-2015``         its line among the sources
====================  ==================  =============================================

Each is an entry of the site's ``objects.inv``. Another site cites with ``:study:claim:`he-halves```
once its ``conf.py`` lists this module and ``sphinx.ext.intersphinx`` as extensions.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from study import __version__
from study.site.library import choices

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

logger = logging.getLogger(__name__)

CLAIMS = "c"
"""The folder that holds the page of each claim; a part of addresses that are cited, so it stays."""

LISTED = {"claim": 1, "value": -1, "experiment": 1, "work": 1}
"""Each type of object and its priority in the search; -1 keeps it out, as there are thousands."""


class Entry(NamedTuple):
    """Where an object is, and what another site shows for it unless told otherwise.

    It goes when the page goes that was read for it, which may be another than the one it is on.
    """

    page: str
    anchor: str
    shown: str
    read: str


def page_of(claim: str) -> str:
    """Return the name of the page of a claim: its address ends in the id.

    >>> page_of("he-halves")
    'c/he-halves/index'
    """
    return f"{CLAIMS}/{claim}/index"


class StudyDomain(Domain):
    """Knows where each object is; a reference to another is a warning with its place."""

    name = "study"
    """Begins its types and its roles."""
    label = "study"
    """Begins the names of its types in the search."""
    object_types: ClassVar = {kind: ObjType(kind, kind) for kind in LISTED}
    roles: ClassVar = {kind: XRefRole(warn_dangling=True) for kind in LISTED}
    initial_data: ClassVar = {"entries": {}, "figures": {"shown": {}, "homes": {}}}

    @property
    def entries(self) -> dict[tuple[str, str], Entry]:
        """All objects by type and name."""
        return self.data["entries"]  # type: ignore[no-any-return]

    @property
    def figures(self) -> dict[str, Any]:
        """What is known of the stored figures, see :mod:`study.site.numbering`."""
        return self.data["figures"]  # type: ignore[no-any-return]

    def note_object(self, kind: str, name: str, entry: Entry, location: nodes.Node) -> None:
        """Add an object; one of two pages that both claim to hold it is told.

        Args:
            kind: its type.
            name: its name, unique in its type.
            entry: where it is.
            location: the node that is its place.
        """
        earlier = self.entries.get((kind, name))
        if earlier is not None:
            logger.warning(
                "duplicate %s %s, also on page %s", kind, name, earlier.read, location=location
            )
        self.entries[kind, name] = entry

    def clear_doc(self, docname: str) -> None:
        """Forget the objects and figures of a page."""
        for key in [key for key, entry in self.entries.items() if entry.read == docname]:
            del self.entries[key]
        self.figures["shown"].pop(docname, None)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what is on pages that another process has read."""
        entries: dict[tuple[str, str], Entry] = otherdata["entries"]
        self.entries.update(
            (key, entry) for key, entry in entries.items() if entry.read in docnames
        )
        figures = otherdata["figures"]["shown"]
        self.figures["shown"].update((page, figures[page]) for page in docnames & figures.keys())

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield all objects: name, what is shown, type, page, anchor, priority in the search."""
        for (kind, name), entry in self.entries.items():
            yield name, entry.shown, kind, entry.page, entry.anchor, LISTED[kind]

    def resolve_xref(  # noqa: PLR0913, PLR0917 - Sphinx's arguments
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Turn a reference into a link that keeps its content, or return None."""
        del env, node
        entry = self.entries.get((typ, target))
        if entry is None:
            return None
        return make_refnode(builder, fromdocname, entry.page, entry.anchor, contnode)

    def resolve_any_xref(  # noqa: PLR0913, PLR0917 - Sphinx's arguments
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return the links that a reference of no type may mean."""
        links = (
            (kind, self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode))
            for kind in LISTED
        )
        return [(f"{self.name}:{kind}", link) for kind, link in links if link is not None]


def tell_choices(app: "Sphinx", domain: Domain | None, node: addnodes.pending_xref) -> bool:
    """Warn of a reference that leads nowhere, with the names that are near.

    Args:
        app: Sphinx, about to write the page.
        domain: that of the reference.
        node: the reference.

    Returns:
        Whether it was one of this domain, so that Sphinx need say no more.
    """
    del app
    if not isinstance(domain, StudyDomain):
        return False
    kind, target = node["reftype"], node["reftarget"]
    names: Iterable[str] = (name for type_, name in domain.entries if type_ == kind)
    message = f"{target}: no such {kind}; choose from {choices(target, names)}"
    logger.warning(message, location=node, type="ref", subtype=kind)
    return True


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Let pages cite; this is all that another site needs."""
    app.add_domain(StudyDomain)
    app.connect("warn-missing-reference", tell_choices)
    return {
        "version": __version__,
        "env_version": 2,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
