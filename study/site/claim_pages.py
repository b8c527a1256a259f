"""A light page for each claim, at an address that ends in its id and is made to last.

The pages stand beside the theme's and load none of it. They hold all that a reader needs who has
read nothing else, are told to search engines, and carry their own citation and data.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.nodes import Node
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.search import IndexBuilder
from sphinx.util.docutils import new_document

from study import __version__
from study.record import citation
from study.record.estimates import formatted
from study.record.results import Run, read_table, write_text
from study.record.retired import Retired
from study.site import evidence
from study.site.cards import Card, linked
from study.site.claims import retired
from study.site.directives import flat
from study.site.domain import CLAIMS, page_of
from study.site.freshness import ALL, shared, state
from study.site.library import Library, load
from study.site.nodes import badge, code, definitions, link, paragraph
from study.site.pictures import picture
from study.site.sheets import duration
from study.site.surroundings import VERSIONS, preview, shortened
from study.site.templates import template
from study.theory.sources import address

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = "../../"
"""The way from the page of a claim to the first page of the site."""
OF_THE_CLAIM, OF_THE_RUN = "The figure", "A figure of the same experiment"
"""What stands above a figure that shows the quantity or its law, and above the nearest other."""
RETIRED_NOTE = "This id is retired: it is not claimed any more."
NOT_COMMITTED = "No reference is committed: this is a run of your own. Do not cite it."
KEYS = "claims.json"
"""The file that holds from what each page was made last."""


@dataclass(frozen=True)
class Page:
    """What the template shows of a claim; texts that end in HTML are marked in the template.

    Attributes:
        title: what stands in the window's head.
        statement: the claim.
        description: the result in a sentence or two, for search engines.
        address: the permanent one.
        metadata: what citation managers read, by name.
        preview: what is shown where the page is linked to, by property.
        structured: the same for machines, as JSON; empty if nothing was judged.
        experiment: which measured it.
        sheet: the page of that experiment.
        card: the lines of the claim, as HTML.
        picture: the figure nearest to it, as HTML; empty if there is none.
        heading: what stands above the figure.
        caption: what one sees there.
        rerun: the command that measures it again; empty if nothing does.
        duration: how long that takes.
        control: how to break it, as HTML.
        samples: the number of each draw, as CSV; empty if there is none.
        exact: whether no draw touches the number.
        settings: those that bear on it, by name.
        code: the function that names it.
        history: what came first, as HTML.
        commit: from which it was measured; empty if it was not.
        note: what is to be known before anything else.
        text: how it is cited, as text.
        bibtex: the same as BibTeX.
        csl: the same as CSL-JSON.
    """

    title: str
    statement: str
    description: str
    address: str
    metadata: tuple[tuple[str, str], ...]
    preview: Mapping[str, str]
    structured: str
    experiment: str
    sheet: str
    card: str
    text: str
    bibtex: str
    csl: str
    picture: str = ""
    heading: str = ""
    caption: str = ""
    rerun: str = ""
    duration: str = ""
    control: str = ""
    samples: str = ""
    exact: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    code: evidence.Passage | None = None
    history: str = ""
    commit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Press:
    """What makes pages: the site as Sphinx has read it, and how it is cited.

    Attributes:
        app: Sphinx, once it has written its own pages.
        builder: which writes HTML.
        library: all runs.
    """

    app: "Sphinx"
    builder: StandaloneHTMLBuilder
    library: Library

    def claim(self, run: Run, claim: Mapping[str, Any]) -> Page:
        """Return the page of a claim."""
        study = self.library.study
        card = Card(run, claim, self.library, page_of(claim["id"]))
        entry = citation.of_claim(study, run, claim)
        name = run.folder.name
        committed = name in self.library.reference
        title = claim["statement"].rstrip(".")
        description = shortened(citation.found(run, claim))
        place = study.page(claim["id"])
        page = Page(
            title=title,
            statement=claim["statement"],
            description=description,
            address=place,
            metadata=tuple(metadata(study, claim["id"], title)),
            preview=preview(study, f"{title}: {claim['verdict']}", description, place, "article"),
            structured=structured(study, run, claim),
            experiment=name,
            sheet=f"experiments/{name}.html",
            card=self.html(card.page, definitions(card.fields())),
            history=self.html(card.page, *history(card)),
            text=citation.text(entry),
            bibtex=citation.bibtex(entry),
            csl=citation.csl([entry]),
            note="" if committed else NOT_COMMITTED,
        )
        return page if claim["quantity"] is None else replace(page, **self.measurement(card))

    def measurement(self, card: Card) -> dict[str, Any]:
        """Return what the page of a claim has that was measured."""
        run, claim = card.run, card.claim
        name, key = run.folder.name, claim["quantity"]
        folder = self.library.root / "study" / "experiments" / self.library.groups[name] / name
        text = f"{claim['statement']} {claim['measured_as']}"
        docs = Path(self.app.srcdir)
        figure = evidence.figure_beside(docs, claim["derivation"], name)
        heading = OF_THE_CLAIM
        if figure not in run.figures:
            figure = evidence.figure_of(run, folder / "figures.py", key, text)
            if not (figure and evidence.names(folder / "figures.py", figure, key)):
                heading = OF_THE_RUN
        pictures = []
        if figure:
            path = run.folder / "figures" / f"{figure}.svg"
            pictures = [picture(path=str(path), alt=run.figures[figure], prefix="figure")]
        return {
            "picture": self.html(card.page, *pictures),
            "heading": heading,
            "caption": run.figures[figure] if figure else "",
            "rerun": card.rerun,
            "duration": duration(run.provenance.get("wall_seconds", 0.0)),
            "control": self.html(card.page, definitions(card.control())),
            "commit": run.commit[:12],
            "samples": samples(run, key),
            "exact": key in run.values and run.values[key].exact,
            "settings": tuple(flat(dict(evidence.settings_of(run, key)))),
            "code": evidence.code_of(folder / "method.py", key),
        }

    def tombstone(self, old: Retired) -> Page:
        """Return the page of an id that is not used any more."""
        name, study = page_of(old.id), self.library.study
        entry = citation.of_retired(study, old)
        place = study.page(old.id)
        description = shortened(f"{old.id} is retired. {old.why}")
        lines: dict[str, list[Node]] = {
            "Id": [code(old.id)],
            "Last verdict": self.last_verdict(old),
            "Why it is retired": linked(old.why, self.library, name),
        }
        if old.successor:
            lines["Cite instead"] = linked(old.successor, self.library, name)
        fields = ((term, paragraph(*content)) for term, content in lines.items())
        title = f"{old.statement.rstrip('.')} (retired)"
        return Page(
            title=title,
            statement=old.statement,
            description=description,
            address=place,
            metadata=tuple(metadata(study, old.id, title)),
            preview=preview(study, title, description, place, "article"),
            structured="",
            experiment=old.experiment,
            sheet=f"experiments/{old.experiment}.html",
            card=self.html(name, definitions(fields)),
            text=citation.text(entry),
            bibtex=citation.bibtex(entry),
            csl=citation.csl([entry]),
            note=RETIRED_NOTE,
        )

    def last_verdict(self, old: Retired) -> list[Node]:
        """Return the last verdict of a retired id, and the number that gave it, if one did."""
        run = self.library.run(old.experiment)
        if old.quantity is None:
            return [badge(old.verdict)]
        key = f"{old.experiment}:{old.quantity}"
        text = nodes.Text(formatted(run.values.get(old.quantity)))
        number = link("value", key, text, docname=page_of(old.id))
        return [badge(old.verdict), nodes.Text(", by "), number]

    def html(self, page: str, *content: Node) -> str:
        """Return nodes as HTML, in which each reference leads from a page to its place."""
        document = new_document(page)
        document += content
        self.app.env.resolve_references(document, page, self.builder)
        return "".join(self.builder.render_partial(node)["fragment"] for node in document.children)


def history(card: Card) -> Iterator[Node]:
    """Yield the lines on the history of a claim; none if it has no history yet."""
    lines = list(card.history())
    if lines:
        yield definitions(iter(lines))


def metadata(study: citation.Study, claim: str, title: str) -> Iterator[tuple[str, str]]:
    """Yield what citation managers and search engines for papers read."""
    yield "citation_title", title
    for author in study.authors:
        yield "citation_author", author
    yield "citation_publication_date", study.released.replace("-", "/")
    yield "citation_public_url", study.page(claim)
    yield "citation_technical_report_institution", study.title
    yield "citation_technical_report_number", f"{study.version}, {claim}"


def structured(study: citation.Study, run: Run, claim: Mapping[str, Any]) -> str:
    """Return a claim and its verdict as schema.org has them, a claim that was reviewed."""
    work = claim["source"]["work"]
    paper = {"@type": "CreativeWork", "name": work["title"], "author": work["authors"]}
    if place := address(work["key"]):
        paper["url"] = place
    content: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "@id": study.page(claim["id"]),
        "url": study.page(claim["id"]),
        "claimReviewed": claim["statement"],
        "reviewBody": citation.found(run, claim),
        "author": [{"@type": "Organization", "name": author} for author in study.authors],
        "datePublished": study.released,
        "version": study.version,
        "license": f"https://spdx.org/licenses/{study.licence}",
        "itemReviewed": {"@type": "Claim", "name": claim["statement"], "appearance": paper},
        "reviewRating": {"@type": "Rating", "alternateName": claim["verdict"]},
        "isPartOf": {"@type": "Dataset", "name": study.title, "url": study.site},
    }
    value = run.values.get(claim["quantity"])
    if value is not None:
        content["about"] = {
            "@type": "PropertyValue",
            "name": claim["measured_as"],
            "value": value.mean,
            "minValue": value.low,
            "maxValue": value.high,
            "identifier": f"{run.folder.name}:{claim['quantity']}",
        }
    # A script of a page ends at the first end tag, whatever it stands in.
    return json.dumps(content, ensure_ascii=False).replace("<", "\\u003c")


def samples(run: Run, key: str) -> str:
    """Return the number of each draw as CSV; of what no draw touches, the number alone."""
    value = run.values.get(key)
    if value is None:
        return ""
    if value.exact:
        return f"{key}\n{value.mean!r}\n"
    rows = read_table(run.folder / "samples.csv")
    body = (
        f"{draw},{number}" for draw, number in zip(*map(rows.column, ("draw", key)), strict=True)
    )
    return "\n".join([f"draw,{key}", *body]) + "\n"


def write_pages(app: "Sphinx") -> list[Any]:
    """Write the page of each claim that is not up to date, and tell the search of all of them.

    Args:
        app: Sphinx, once it has written its own pages.

    Returns:
        No page for Sphinx to write.
    """
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return []
    library = load(Path(app.srcdir, app.config.study_root))
    press = Press(app, app.builder, library)
    file = Path(app.doctreedir, KEYS)
    old = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    context = {
        "project": app.config.project,
        "version": __version__,
        "released": library.study.released,
        "versions": VERSIONS if "versions" in app.tags else "",
    }
    keys: dict[str, str] = {}
    if press.builder.indexer is not None:
        keep(press.builder.indexer)
    by_experiment = {name: key(app, name) for name in library.runs}
    for id_, experiment, words, make in makers(press):
        keys[id_] = by_experiment[experiment]
        index(press, id_, words)
        folder = Path(app.outdir, CLAIMS, id_)
        if old.get(id_) != keys[id_] or not (folder / "index.html").is_file():
            write(folder, make(), context)
    for folder in Path(app.outdir, CLAIMS).glob("*"):
        if folder.name not in keys:
            shutil.rmtree(folder)
    write_text(file, json.dumps(keys))
    return []


def makers(press: Press) -> Iterator[tuple[str, str, tuple[str, ...], Callable[[], Page]]]:
    """Yield each id, its experiment, what it is searched by, and what makes its page.

    What it is searched by begins with the title under which it is found.
    """
    for id_, (run, claim) in press.library.claims.items():
        words = (claim["statement"], claim.get("measured_as") or "", claim["remark"])
        yield id_, run.folder.name, words, partial(press.claim, run, claim)
    for old in retired(press.library.reference.values()):
        title = f"{old.statement} (retired)"
        yield old.id, old.experiment, (title,), partial(press.tombstone, old)


def key(app: "Sphinx", experiment: str) -> str:
    """Return a text that changes with all that the page of a claim shows."""
    parts = (str(app.env.version), shared(app), *(state(app, x) for x in (experiment, ALL)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def write(folder: Path, page: Page, context: Mapping[str, Any]) -> None:
    """Write the files of a page; the context is what the pages of all claims share."""
    folder.mkdir(parents=True, exist_ok=True)
    html = template("claim.html").render(page=page, root=ROOT, **context)
    files = {"index.html": html, "cite.bib": page.bibtex, "cite.json": page.csl}
    if page.samples:
        files["data.csv"] = page.samples
    for name, text in files.items():
        write_text(folder / name, text)


def index(press: Press, id_: str, words: tuple[str, ...]) -> None:
    """Let the search find a claim by its id and by its words, the first of which are its title."""
    document = new_document(page_of(id_))
    document += [nodes.paragraph("", text) for text in (id_, *words)]
    press.builder.index_page(page_of(id_), document, words[0])


def keep(indexer: IndexBuilder) -> None:
    """Let the search keep the pages of claims, which it would drop as they have no source.

    Args:
        indexer: what Sphinx collects the words of all pages in.
    """
    prune = indexer.prune

    def prune_others(docnames: Iterable[str]) -> None:
        claims = (page for page in indexer._titles if page.startswith(f"{CLAIMS}/"))  # noqa: SLF001
        prune({*docnames, *claims})

    indexer.prune = prune_others  # type: ignore[method-assign]


def connect(app: "Sphinx") -> None:
    """Let a built site have a page for each claim.

    Args:
        app: Sphinx, at its start.
    """
    app.connect("html-collect-pages", write_pages)
