from pathlib import Path

from bs4 import BeautifulSoup

from study.site.parts import by_label, by_part, parts

from .conftest import Project

DOCS = Path(__file__).parents[2] / "docs"
PARTS = [
    "Use it",
    "Learn it",
    "The laws",
    "A thousand layers",
    "Papers and notes",
    "Evidence",
    "Rerun and cite",
]


def test_every_page_stands_in_one_of_the_seven_parts() -> None:
    site = list(parts((DOCS / "index.md").read_text(encoding="utf-8")))
    pages = [page for part in site for page in part.pages]
    files = {
        path.relative_to(DOCS).with_suffix("").as_posix()
        for place in ("*.md", "chapters/*.md")
        for path in DOCS.glob(place)
    }
    assert [part.title for part in site] == PARTS
    assert len(pages) == len(set(pages))
    assert files - set(pages) == {"index"}


def test_every_experiment_has_a_chapter_in_a_part_for_readers() -> None:
    methods = (DOCS.parent / "study" / "experiments").glob("*/*/method.py")
    names = sorted(path.parent.name for path in methods)
    groups = by_part(DOCS, names)
    assert set(groups) <= set(PARTS[:5])
    assert sorted(name for group in groups.values() for name in group) == names


def test_a_section_is_found_by_its_label() -> None:
    found = by_label(DOCS)
    assert found["derivation-edge"] == ("A thousand layers", "chapters/order-and-chaos")
    # One experiment, and chapters of their own for its claims.
    labels = "derivation-edge", "derivation-depth-scales", "derivation-relu-map"
    assert len({found[label] for label in labels}) == 3


def test_the_list_of_sheets_names_chapter_claims_and_time(project: Project) -> None:
    docs = project.root / "docs"
    (docs / "chapter.md").write_text("# A chapter\n\n```{claim-table} halving\n```\n")
    page = project.build("```{toctree}\n:caption: Learn it\n:hidden:\n\nchapter\n```\n")
    html = (project.root / "html/experiments/index.html").read_text()
    sheets = BeautifulSoup(html, "html.parser")
    assert page.warnings == ""
    assert sheets.select("section h2")[0].get_text().startswith("Learn it")
    cells = [cell.get_text(" ", strip=True) for cell in sheets.select("tbody td")]
    assert cells == ["What halves", "A chapter", "1", "not noted"]


def test_a_sheet_without_a_chapter_is_listed_apart(project: Project) -> None:
    project.build("Text.")
    html = (project.root / "html/experiments/index.html").read_text()
    heading = BeautifulSoup(html, "html.parser").select_one("section h2")
    assert heading
    assert heading.get_text().startswith("Without a chapter")


def test_captions_of_the_tree_are_no_headings(project: Project) -> None:
    trees: list[str] = []

    def keep(*arguments: object) -> None:
        context = arguments[3]
        assert isinstance(context, dict)
        trees.append(context["toctree"](collapse=False, titles_only=True, includehidden=True))

    text = "```{toctree}\n:caption: Learn it\n:hidden:\n\nchapter\n```\n"
    (project.root / "docs" / "chapter.md").write_text("# A chapter\n")
    project.build(text, lambda app: app.connect("html-page-context", keep))
    assert trees
    assert all('<p class="caption"><span' in tree for tree in trees)
    assert not any('role="heading"' in tree for tree in trees)
