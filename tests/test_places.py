"""A claim of this study names a chapter or a page, and a section that it has."""

import re
from pathlib import Path

from study import catalogue
from study.theory.sources import THIS_STUDY

DOCS = Path(__file__).parent.parent / "docs"
PLACE = re.compile(r"(?:chapter|page) (?P<title>.+?)(?:, section “(?P<section>[^”]*)”|$)")


def headings() -> dict[str, set[str]]:
    """Return the headings of each page, by its title."""
    found = {}
    for page in DOCS.rglob("*.md"):
        text = re.sub(
            r"^(`{3,}).*?^\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        title, *others = re.findall(r"^#+ (.*)$", text, re.MULTILINE) or [""]
        found[title] = set(others)
    return found


def missing(locator: str, pages: dict[str, set[str]]) -> bool:
    """Tell whether a place names no page, or a section that its page does not have."""
    place = PLACE.match(locator)
    return not (
        place
        and place["title"] in pages
        and (place["section"] is None or place["section"] in pages[place["title"]])
    )


def test_every_claim_of_this_study_names_a_section_that_there_is() -> None:
    pages = headings()
    experiments = [catalogue.load(name) for name in catalogue.names()]
    sources = {claim.id: claim.source for one in experiments for claim in one.claims}
    sources |= {claim.id: claim.source for one in experiments for claim in one.untested}
    found = {name: one.locator for name, one in sources.items() if one.work == THIS_STUDY}
    assert len(found) > 100
    assert {name: place for name, place in found.items() if missing(place, pages)} == {}


def test_a_place_that_is_not_there_is_noticed() -> None:
    pages = {"The loss": {"Its gradient"}}
    assert not missing("chapter The loss, section “Its gradient”; announced by a note", pages)
    assert not missing("page The loss", pages)
    assert missing("chapter The loss, section “Its gradients”", pages)
    assert missing("chapter A loss, section “Its gradient”", pages)
    assert missing("section “Its gradient”", pages)
