"""What the site offers to machines, beside its pages: files at addresses that stay.

==========================  ===================================================================
``claims.json``             all claims as judged, by ``claims.schema.json``
``results.csv``             all numbers, each with the claims that it judges
``study.bib``, ``.json``    how the study is cited; ``claims.bib`` and ``.csl.json`` its claims
``changes.atom``            a feed of verdicts that changed
``ro-crate-metadata.json``  results, settings and environment, as research objects are described
``llms.txt``                what there is, for programs that read text
``sitemap.xml``             the addresses of all pages
==========================  ===================================================================
"""

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import SphinxRole

from study.record import citation, export
from study.record.citation import Study
from study.record.results import images, write_text
from study.site.claims import retired
from study.site.from_results import FromResults
from study.site.library import Library, load
from study.site.nodes import code, paragraph
from study.site.parts import parts
from study.site.surroundings import address_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NAMES = (
    "claims.json",
    "claims.schema.json",
    "results.csv",
    "study.bib",
    "study.csl.json",
    "claims.bib",
    "claims.csl.json",
    "changes.atom",
    "ro-crate-metadata.json",
    "llms.txt",
    "sitemap.xml",
)
"""The files, all at the top of the site."""
ATOM = "http://www.w3.org/2005/Atom"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
CRATE = "https://w3id.org/ro/crate/1.1"
FEED_LENGTH = 200
"""So many changes a feed holds, the latest first."""


def write(app: "Sphinx", exception: Exception | None) -> None:
    """Write all files into a built site.

    Args:
        app: Sphinx, after all.
        exception: what stopped it.
    """
    if exception is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    library = load(Path(app.srcdir, app.config.study_root))
    claims = [*library.claims, *(old.id for old in retired(library.reference.values()))]
    pages = [*sorted(app.env.found_docs), *(f"c/{claim}/" for claim in claims)]
    for name, text in files(library, pages, Path(app.srcdir)).items():
        write_text(Path(app.outdir, name), text)


def files(library: Library, pages: Iterable[str], docs: Path) -> dict[str, str]:
    """Return the content of each file by its name.

    Args:
        library: all runs.
        pages: the names of all pages.
        docs: the folder of their sources.
    """
    runs, study = library.reference.values(), library.study
    whole = citation.of_study(study)
    entries = [citation.of_claim(study, run, claim) for run in runs for claim in run.judgements]
    changes = list(changed(library))
    return {
        "claims.json": _json(export.claims(study, runs)),
        "claims.schema.json": schema(),
        "results.csv": export.results(runs),
        "study.bib": citation.bibtex(whole),
        "study.csl.json": citation.csl([whole]),
        "claims.bib": "\n".join(map(citation.bibtex, entries)),
        "claims.csl.json": citation.csl(entries),
        "changes.atom": feed(study, changes),
        "ro-crate-metadata.json": _json(crate(library)),
        "llms.txt": overview(study, docs),
        "sitemap.xml": sitemap(study, pages),
    }


def schema() -> str:
    """Return the published form of ``claims.json``."""
    path = Path(export.__file__).parent / export.SCHEMA_FILE
    return path.read_text(encoding="utf-8")


def changed(library: Library) -> Iterator[dict[str, str]]:
    """Yield the verdicts that changed, the latest first, with the changelog's reasons."""
    changes = [
        {
            "claim": claim,
            "date": after["date"],
            "commit": after["commit"],
            "before": before["verdict"],
            "after": after["verdict"],
            "why": " ".join(library.changelog.get(claim, [])),
            "found": citation.found(*library.claims[claim]),
        }
        for claim, steps in library.verdicts.items()
        if claim in library.claims
        for before, after in pairwise(steps)
    ]
    yield from sorted(changes, key=lambda change: (change["date"], change["claim"]), reverse=True)


def feed(study: Study, changes: Iterable[Mapping[str, str]]) -> str:
    """Return a feed of the latest changes.

    Args:
        study: how the study is cited.
        changes: as :func:`changed` yields them.
    """
    latest = list(changes)[:FEED_LENGTH]
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = text or None
        return element

    address = f"{study.site}changes.atom"
    add(root, "title", "Signal Through Depth: verdicts that changed")
    add(root, "id", address)
    add(root, "link", rel="self", href=address)
    add(root, "updated", f"{max((x['date'] for x in latest), default=study.released)}T00:00:00Z")
    for author in study.authors:
        add(add(root, "author"), "name", author)
    for change in latest:
        page = study.page(change["claim"])
        entry = add(root, "entry")
        add(entry, "title", f"{change['claim']}: {change['after']}, was {change['before']}")
        add(entry, "id", f"{page}#{change['commit'][:12]}")
        add(entry, "link", href=page)
        add(entry, "updated", f"{change['date']}T00:00:00Z")
        changed_in = f"Changed in commit {change['commit'][:12]}."
        add(entry, "summary", " ".join(filter(None, (changed_in, change["why"], change["found"]))))
    return _xml(root)


def crate(library: Library) -> dict[str, Any]:
    """Return the metadata of an RO-Crate: the files of the site that hold results, and their runs.

    Args:
        library: all runs.
    """
    study = library.study
    authors = [
        {"@id": f"#author-{at}", "@type": "Organization", "name": name}
        for at, name in enumerate(study.authors, start=1)
    ]
    described = {
        "claims.json": ("application/json", "All claims as judged"),
        "claims.schema.json": ("application/schema+json", "The form of claims.json"),
        "results.csv": ("text/csv", "All numbers with their intervals"),
        "study.bib": ("application/x-bibtex", "How the study is cited"),
        "claims.bib": ("application/x-bibtex", "How each claim is cited"),
    }
    parts_of = [
        {"@id": name, "@type": "File", "name": text, "encodingFormat": form}
        for name, (form, text) in described.items()
    ]
    software = sorted(
        {
            (name, version)
            for run in library.reference.values()
            for name, version in run.provenance.get("versions", {}).items()
        }
    )
    instruments = [
        {
            "@id": f"#{name}-{version}",
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": version,
        }
        for name, version in software
    ]
    actions = [
        {
            "@id": f"#run-{run.folder.name}",
            "@type": "CreateAction",
            "name": f"The reference run of {run.folder.name}",
            "instrument": [
                {"@id": f"#{name}-{version}"}
                for name, version in sorted(run.provenance.get("versions", {}).items())
            ],
            "object": {"@id": f"#settings-{run.folder.name}"},
            "result": [{"@id": "claims.json"}, {"@id": "results.csv"}],
            "description": f"From commit {run.commit}, on the data set {images(run)}",
        }
        for run in library.reference.values()
    ]
    settings = [
        {
            "@id": f"#settings-{run.folder.name}",
            "@type": "PropertyValue",
            "name": f"The settings of {run.folder.name}",
            "value": json.dumps(run.settings["experiment"], sort_keys=True),
        }
        for run in library.reference.values()
    ]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": study.title,
        "description": study.abstract,
        "datePublished": study.released,
        "version": study.version,
        "license": {"@id": f"https://spdx.org/licenses/{study.licence}"},
        "keywords": list(study.keywords),
        "author": [{"@id": author["@id"]} for author in authors],
        "hasPart": [{"@id": part["@id"]} for part in parts_of],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }
    licence = {
        "@id": f"https://spdx.org/licenses/{study.licence}",
        "@type": "CreativeWork",
        "name": study.licence,
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": CRATE},
        "about": {"@id": "./"},
    }
    everything = [descriptor, root, licence, *authors, *parts_of, *instruments, *actions, *settings]
    return {"@context": f"{CRATE}/context", "@graph": everything}


def overview(study: Study, docs: Path) -> str:
    """Return what there is on the site, as text for programs.

    Args:
        study: how the study is cited.
        docs: the folder of the pages' sources.
    """
    lines = [f"# {study.title}", "", f"> {study.abstract}", ""]
    lines += [
        "Every claim has an id, a verdict by a fixed rule, a number with its 99 % interval, and a",
        "page of its own at c/ID/. Its data.csv, cite.bib and cite.json lie beside it. Cite a",
        "claim with what it depends on and what departs.",
        "",
        "## Data",
        "",
        f"- [All claims]({study.site}claims.json): JSON, by {study.site}claims.schema.json",
        f"- [All numbers]({study.site}results.csv): CSV",
        f"- [Verdicts that changed]({study.site}changes.atom): Atom",
        f"- [Results, settings and software]({study.site}ro-crate-metadata.json): RO-Crate",
        f"- [How to cite]({study.site}cite.html)",
    ]
    for part in parts((docs / "index.md").read_text(encoding="utf-8")):
        lines += ["", f"## {part.title}", ""]
        for page in part.pages:
            source = docs / f"{page}.md"
            title = _title(source) if source.is_file() else page
            lines.append(f"- [{title}]({study.site}{page}.html)")
    return "\n".join(lines) + "\n"


def _title(source: Path) -> str:
    """Return the title of a page, without the signs of its formulas."""
    lines = source.read_text(encoding="utf-8").splitlines()
    title = next((line for line in lines if line.startswith("# ")), f"# {source.stem}")
    return title.removeprefix("# ").replace("$", "")


def sitemap(study: Study, pages: Iterable[str]) -> str:
    """Return the addresses of pages as search engines read them.

    Args:
        study: how the study is cited.
        pages: their names; one that ends in a slash is an address already.
    """
    ET.register_namespace("", SITEMAP)
    root = ET.Element(f"{{{SITEMAP}}}urlset")
    for page in pages:
        place = ET.SubElement(ET.SubElement(root, f"{{{SITEMAP}}}url"), f"{{{SITEMAP}}}loc")
        place.text = study.site + address_of(page)
    return _xml(root)


def _xml(root: ET.Element) -> str:
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode() + "\n"


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


class FileRole(SphinxRole):
    """``{study:file}`claims.json```: one of the files, as a link that works offline, too."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Link to the file."""
        name = self.text.strip()
        if name not in NAMES:
            message = self.inliner.reporter.error(
                f"{self.name}: {name}: no such file; choose from {', '.join(NAMES)}",
                line=self.lineno,
            )
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        place = posixpath.relpath(name, posixpath.dirname(self.env.docname) or ".")
        return [nodes.reference("", "", code(name), refuri=place, internal=True)], []


class CiteStudy(FromResults):
    """``cite-study``: how the study as a whole is cited, as text and as BibTeX."""

    def make(self, library: Library) -> Iterator[Node]:
        """Yield the text and the entry."""
        self.env.note_dependency(str(library.root / citation.FILE))
        entry = citation.of_study(library.study)
        yield from paragraph(nodes.Text(citation.text(entry)))
        bibtex = citation.bibtex(entry)
        yield nodes.literal_block(bibtex, bibtex, language="bibtex")


DIRECTIVES = {"cite-study": CiteStudy}


def connect(app: "Sphinx") -> None:
    """Let a built site offer its content to machines.

    Args:
        app: Sphinx, at its start.
    """
    app.add_role_to_domain("study", "file", FileRole())
    app.connect("build-finished", write)
