"""How the study, and each claim of it, is cited: text, BibTeX and CSL-JSON.

Who made the study, when, and where it is published stands once, in ``CITATION.cff``; the fields
``url`` and ``repository-code`` are the addresses of the site and of the code everywhere.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from pylatexenc.latexencode import (
    RULE_DICT,
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from study.errors import StudyError
from study.record.claims import Verdict, band_from_json
from study.record.estimates import formatted, in_powers, listed
from study.record.results import Run, images
from study.record.retired import Retired

FILE = "CITATION.cff"
KEY = "signal-through-depth"
"""How the keys of its entries begin."""
PLACEHOLDER = ".example"
"""How a host ends that stands for one that is not there yet."""
OPEN = {Verdict.CONTRADICTED, Verdict.DEPENDS, Verdict.INCONCLUSIVE, Verdict.WRONG}


@dataclass(frozen=True)
class Study:
    """What all citations have in common.

    Attributes:
        title: of the study.
        authors: their names, in order.
        version: the version that is cited.
        released: the day of that version, as in 2026-11-22.
        site: the address of the site; it ends in a slash.
        code: the address of the code.
        licence: its short name.
        abstract: the study in a sentence or two.
        keywords: the words that it is found under.
    """

    title: str
    authors: tuple[str, ...]
    version: str
    released: str
    site: str
    code: str
    licence: str
    abstract: str
    keywords: tuple[str, ...]

    @property
    def year(self) -> str:
        """The year of the version."""
        return self.released[:4]

    @property
    def published(self) -> bool:
        """Whether the addresses are more than stand-ins."""
        hosts = (urlsplit(address).hostname or "" for address in (self.site, self.code))
        return not any(host.endswith(PLACEHOLDER) for host in hosts)

    def page(self, claim: str) -> str:
        """Return the permanent address of the page of a claim."""
        return f"{self.site}c/{claim}/"


def read_study(root: Path) -> Study:
    """Read how the study is cited.

    Args:
        root: the project's folder.

    Raises:
        StudyError: if a field is not there.
    """
    content = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    try:
        return Study(
            title=content["title"],
            authors=tuple(_name(author) for author in content["authors"]),
            version=str(content["version"]),
            released=str(content["date-released"]),
            site=content["url"].rstrip("/") + "/",
            code=content["repository-code"].rstrip("/"),
            licence=content["license"],
            abstract=" ".join(content["abstract"].split()),
            keywords=tuple(content["keywords"]),
        )
    except KeyError as error:
        raise StudyError(f"{FILE}: {error.args[0]} is missing") from None


def _name(author: Mapping[str, str]) -> str:
    """Return the name of a person or of a group."""
    parts = (author.get("given-names", ""), author.get("family-names", ""))
    return author.get("name") or " ".join(filter(None, parts))


def of_study(study: Study) -> dict[str, Any]:
    """Return the entry of the study as a whole, as CSL-JSON has it."""
    return {
        "id": KEY,
        "type": "software",
        "title": study.title,
        "author": [{"literal": author} for author in study.authors],
        "issued": {"date-parts": [[*map(int, study.released.split("-"))]]},
        "version": study.version,
        "URL": study.site,
    }


def of_claim(study: Study, run: Run, claim: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry of a claim, as CSL-JSON has it.

    Its note says what was found: the verdict with what it depends on, the number, the data, and
    what departs from the source.

    Args:
        study: what all citations have in common.
        run: the run that judges the claim.
        claim: the claim as judged.
    """
    return of_study(study) | {
        "id": f"{KEY}:{claim['id']}",
        "type": "webpage",
        "title": claim["statement"].rstrip("."),
        "container-title": study.title,
        "URL": study.page(claim["id"]),
        "note": found(run, claim),
    }


def of_retired(study: Study, old: Retired) -> dict[str, Any]:
    """Return the entry of an id that is not used any more, as CSL-JSON has it.

    Args:
        study: what all citations have in common.
        old: the id, and why it is retired.
    """
    instead = f" Cite {old.successor} instead." if old.successor else ""
    return of_study(study) | {
        "id": f"{KEY}:{old.id}",
        "type": "webpage",
        "title": old.statement.rstrip("."),
        "container-title": study.title,
        "URL": study.page(old.id),
        "note": f"Claim {old.id}, retired; its last verdict: {old.verdict}. {old.why}{instead}",
    }


def found(run: Run, claim: Mapping[str, Any]) -> str:
    """Say in sentences what became of a claim, so that it can be quoted without its page.

    Args:
        run: the run that judges it.
        claim: the claim as judged.
    """
    work = claim["source"]["work"]["cited_as"].replace("This study", "this study")
    late = ", exploratory" if run.exploratory(claim["id"]) else ""
    sentences = [f"Claim {claim['id']}, of {work}: {claim['verdict']}{late}."]
    if claim["quantity"] is None:
        return " ".join([*sentences, f"{claim['cause'].capitalize()}."])
    number = formatted(run.values.get(claim["quantity"]))
    accepted = in_powers(str(band_from_json(claim["band"])))
    sentences.append(f"Measured {number}, accepted {accepted}, on the data set {images(run)}.")
    if claim["readings"]:
        readings = ({"choice": claim["choice"], "quantity": claim["quantity"]}, *claim["readings"])
        numbers = (
            f"{reading['choice'].rstrip('.')}: {formatted(run.values.get(reading['quantity']))}"
            for reading in readings
        )
        sentences.append(f"Left open by the source: {'; '.join(numbers)}.")
    if claim["departure"] and not claim["departure"].startswith("None"):
        sentences.append(f"Departs from the source: {claim['departure']}")
    if claim["constant_factors"]:
        sentences.append(f"Not varied: {listed(claim['constant_factors'])}.")
    sentences.append(f"Commit {run.commit[:12]}.")
    return " ".join(sentences)


def text(entry: Mapping[str, Any]) -> str:
    """Return an entry as a line of text.

    Args:
        entry: as CSL-JSON has it.
    """
    authors = ", ".join(author["literal"] for author in entry["author"])
    year = entry["issued"]["date-parts"][0][0]
    parts = [f"{authors} ({year}). {entry['title']}."]
    if "container-title" in entry:
        parts.append(f"In: {entry['container-title']}.")
    parts.append(f"Version {entry['version']}.")
    if "note" in entry:
        parts.append(entry["note"])
    return " ".join([*parts, entry["URL"]])


_LATEX = UnicodeToLatexEncoder(
    conversion_rules=[
        UnicodeToLatexConversionRule(
            RULE_REGEX, [(re.compile("(\\w)\u0304"), r"\\ensuremath{\\bar{\1}}")]
        ),
        UnicodeToLatexConversionRule(
            RULE_DICT, {ord("ᵀ"): r"\ensuremath{^T}", ord("ᴸ"): r"\ensuremath{^L}"}
        ),
        "defaults",
    ],
    unknown_char_policy="keep",
    unknown_char_warning=False,
)


def bibtex(entry: Mapping[str, Any]) -> str:
    """Return an entry as BibTeX has it, in the letters that every LaTeX reads.

    Args:
        entry: as CSL-JSON has it.
    """
    fields = {
        "author": " and ".join(
            f"{{{_LATEX.unicode_to_latex(author['literal'])}}}" for author in entry["author"]
        ),
        "title": f"{{{_LATEX.unicode_to_latex(entry['title'])}}}",
        "howpublished": _LATEX.unicode_to_latex(entry.get("container-title", "")),
        "year": str(entry["issued"]["date-parts"][0][0]),
        "version": entry["version"],
        "url": entry["URL"],
        "note": _LATEX.unicode_to_latex(entry.get("note", "")),
    }
    lines = (f"  {name:<12} = {{{value}}}," for name, value in fields.items() if value)
    return "\n".join([f"@misc{{{entry['id']},", *lines, "}"]) + "\n"


def csl(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return entries as a file of CSL-JSON."""
    return json.dumps(list(entries), ensure_ascii=False, indent=2) + "\n"
