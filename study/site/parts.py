"""The parts of the site and what stands in each, read from the lists on the first page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WITHOUT = "Without a chapter"
"""The part of an experiment that no chapter shows."""


@dataclass(frozen=True)
class Part:
    """One part of the site.

    Attributes:
        title: its name, as it stands beside each page.
        pages: its pages in the order of reading, by the names of their files.
    """

    title: str
    pages: tuple[str, ...]


def parts(index: str) -> Iterator[Part]:
    r"""Yield the parts of a site: its lists of pages that have a caption.

    Args:
        index: the text of its first page.

    >>> list(parts("```{toctree}\n:caption: Learn it\n:hidden:\n\nchapters/the-loss\n```\n"))
    [Part(title='Learn it', pages=('chapters/the-loss',))]
    """
    for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", index, re.MULTILINE | re.DOTALL):
        caption = re.search(r"^:caption: (.*)", tree, re.MULTILINE)
        if caption:
            pages = (line for line in tree.splitlines() if line and not line.startswith(":"))
            yield Part(caption[1], tuple(pages))


def chapter_of(name: str, pages: Mapping[str, str]) -> str | None:
    r"""Return the page that shows an experiment: its claims, else a figure or a value of it.

    Args:
        name: of the experiment.
        pages: the text of each page, by its name, in the order of reading.

    >>> chapter_of("halving", {"a": "{value}`halving:x`", "b": "```{claim-table} halving\n```"})
    'b'
    """
    for sign in (rf"\{{claim-table\}} {name}\s", rf"\{{result-figure\}} {name}:", rf"`{name}:"):
        for page, text in pages.items():
            if re.search(sign, text):
                return page
    return None


def by_part(docs: Path, names: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """Put experiments under the parts of the pages that show them, in the order of reading.

    Args:
        docs: the folder of the pages.
        names: the experiments.

    Returns:
        For each part that shows any, by its title, the page of each of its experiments.
    """
    part_of, texts = _pages(docs)
    # A page of advice shows a number of many experiments, and is the chapter of none.
    chapters_first = dict(sorted(texts.items(), key=lambda item: "/" not in item[0]))
    chapters = {name: chapter_of(name, chapters_first) for name in names}
    groups: dict[str, dict[str, str | None]] = {}
    for page in (*texts, None):
        for name in names:
            if chapters[name] == page:
                title = part_of[page] if page else WITHOUT
                groups.setdefault(title, {})[name] = page
    return groups


def by_label(docs: Path) -> dict[str, tuple[str, str]]:
    """Return the part and the page of each label of a section.

    Args:
        docs: the folder of the pages.
    """
    part_of, texts = _pages(docs)
    return {
        label: (part_of[page], page)
        for page, text in texts.items()
        for label in re.findall(r"^\((.+)\)=$", text, re.MULTILINE)
    }


def _pages(docs: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the part and the text of each page that is in a part, in the order of reading."""
    index = (docs / "index.md").read_text(encoding="utf-8")
    part_of = {page: part.title for part in parts(index) for page in part.pages}
    paths = {page: docs / f"{page}.md" for page in part_of}
    texts = {
        page: path.read_text(encoding="utf-8") for page, path in paths.items() if path.is_file()
    }
    return part_of, texts
