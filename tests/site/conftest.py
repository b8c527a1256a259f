"""A tiny project with one stored run, and a way to build one page of it."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from study.record.claims import (
    ORDINARY,
    Cause,
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Untested,
    around,
)
from study.record.origins import PARTS, Change, Origin, Part, RecordedRun, origin_to_json
from study.record.results import Result, read_run, write_json, write_run
from study.steps import judgements
from study.theory.sources import HE_2015

CLAIM = Claim(
    id="he-halves",
    kind=Kind.LAW,
    statement="A | B halves.",
    source=HE_2015.at("equation 8"),
    quantity="factor.one",
    measured_as="The second moment after a layer over that before it.",
    prediction=0.5,
    band=around(0.5, 0.1),
    reason="Room for the draws.",
    departure="Dense layers.",
    constant_factors=(Factor.OPTIMISER, Factor.WIDTH),
    remark="Exact.",
    control=NegativeControl("Double it.", {"arms.one": 2.0}),
)
PRINTED = Claim(
    id="he-prints",
    kind=Kind.PRINT,
    statement="The factor is 0.505.",
    source=HE_2015.at("a line of output"),
    quantity="percentile.factor.one",
    measured_as="The share of draws below the printed factor.",
    prediction=0.5,
    band=ORDINARY,
    reason="Room for the draws.",
    remark="An ordinary draw.",
    control=NegativeControl("Take another.", {"arms.one": 2.0}),
    derivation="why-it-halves",
)
WORDING = Untested(
    id="he-words",
    cause=Cause.WORDS,
    statement="It is called halving.",
    source=HE_2015.at("a word"),
    reason="A name cannot be measured.",
    remark="See he-halves.",
)
CITED = """\
title: "Toys: what halves"
abstract: All of it.
authors:
  - given-names: Ada
    family-names: Lovelace
  - name: The makers of toys
version: 0.1.0
date-released: 2026-11-22
license: MIT
url: https://toys.example/
repository-code: https://toys.example/code
keywords: [toys]
"""
SVG = """<?xml version="1.0"?>
<svg width="9pt" height="9pt" viewBox="0 0 9 9" xmlns="http://www.w3.org/2000/svg" version="1.1">
 <metadata>Of matplotlib.</metadata>
 <defs><style type="text/css">*{stroke-linecap: butt}</style></defs>
 <clipPath id="p1"><path d="M 0.123456 -9.000001"/></clipPath>
 <g clip-path="url(#p1)"><use href="#p1" style="fill: #0072b2"/></g>
 <text style="font-size: 10px; font-family: 'DejaVu Sans', sans-serif; fill: #1b1b1b">level</text>
</svg>
"""


@dataclass(frozen=True)
class Page:
    """A built page, what Sphinx complained of, and the names of all pages that it read for it."""

    html: BeautifulSoup
    warnings: str
    read: list[str]


@dataclass(frozen=True)
class Project:
    """A project folder with a page to fill."""

    root: Path

    def store(
        self, folder: str, samples: list[float], *, width: int = 8, everything: bool = False
    ) -> None:
        """Store a judged run of the experiment ``halving``, with one claim or of every kind."""
        place = self.root / "outputs" / folder / "toys" / "halving"
        result = Result(
            draws=tuple(range(len(samples))),
            samples={
                "factor.one": samples,
                "percentile.factor.one": [float(x < 0.505) for x in samples],
            },
            tables={"layers": [{"layer": 1, "mean": 0.5}]},
        )
        provenance = {"commit": "0123456789abcdef", "data": {"name": "mnist"}}
        settings = {"experiment": {"width": width, "arms": {"one": 1.5}}, "scale": "reference"}
        write_run(place, settings, result, provenance)
        claims, words = ([CLAIM, PRINTED], [WORDING]) if everything else ([CLAIM], [])
        judged = judgements(claims, read_run(place).values, "mnist", words)
        write_json(place / "claims.json", judged)
        (place / "figures").mkdir()
        (place / "figures" / "level.svg").write_text(SVG)
        (place / "figures" / "level.txt").write_text("A level line.\n")

    def tell_of_the_past(
        self, *, precedes: tuple[Part, ...], judged_precedes: tuple[Part, ...] = ()
    ) -> None:
        """Store that the claim was judged twice, and what was changed after the first run."""
        early = RecordedRun("a" * 40, "b" * 40, "2026-11-20", 0.4, 0.1, 3, precedes)
        late = RecordedRun("d" * 40, "e" * 40, "2026-11-22", 0.5, 0.057, 3, judged_precedes)
        changed = dict.fromkeys(PARTS, Change("c" * 40, "2026-11-21"))
        origin = Origin(CLAIM.band, changed, (early, late), ())
        place = self.root / "outputs" / "reference" / "toys" / "halving"
        write_json(place / "origins.json", {CLAIM.id: origin_to_json(origin)})

    def build(self, text: str, prepare: Callable[[Sphinx], object] | None = None) -> Page:
        """Build the site with this text on its first page, once Sphinx is prepared."""
        docs = self.root / "docs"
        index, content = docs / "index.md", f"# Page\n\n{text}\n\n{TOCTREE}"
        if not index.is_file() or index.read_text() != content:
            index.write_text(content)
        read: list[str] = []
        warnings = StringIO()
        with patch_docutils(str(docs)), docutils_namespace():
            app = Sphinx(
                docs,
                None,
                self.root / "html",
                self.root / "doctrees",
                "html",
                confoverrides={
                    "extensions": ["myst_parser", "study.site"],
                    "master_doc": "index",
                    "exclude_patterns": [],
                    "nitpicky": True,
                    "numfig": True,
                    "math_numfig": False,
                },
                status=None,
                warning=warnings,
            )
            app.connect("source-read", lambda _app, name, _text: read.append(name))
            if prepare is not None:
                prepare(app)
            app.build()
        html = (self.root / "html" / "index.html").read_text()
        return Page(BeautifulSoup(html, "html.parser"), warnings.getvalue(), read)


TOCTREE = "```{toctree}\nexperiments/index\ncite\n```\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with one reference run of three draws about 0.5."""
    for folder in ("docs", "study/experiments/toys/halving", "conf/experiment/toys"):
        (tmp_path / folder).mkdir(parents=True)
    toys = tmp_path / "study/experiments/toys"
    (toys / "__init__.py").write_text('"""What toys do."""\n')
    (toys / "halving/__init__.py").write_text('"""What halves.\n\nAll of it."""\n')
    (toys / "halving/method.py").write_text('"""How."""\n')
    (tmp_path / "conf/experiment/toys/halving.yaml").write_text("width: 8\n")
    (tmp_path / "CITATION.cff").write_text(CITED)
    (tmp_path / "docs/cite.md").write_text("# Cite\n\n```{source-list}\n```\n")
    made = Project(tmp_path)
    made.store("reference", [0.49, 0.50, 0.51])
    return made


Build = Callable[[str], Page]
