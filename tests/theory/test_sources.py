import re

import pytest

from study.errors import StudyError
from study.theory import sources


@pytest.mark.parametrize("locator", ["", " ", "\n\t"])
def test_a_source_cannot_be_made_without_its_place(locator: str) -> None:
    with pytest.raises(StudyError, match="he-2015: the locator is blank"):
        sources.HE_2015.at(locator)


def test_a_source_keeps_its_work_and_its_place() -> None:
    source = sources.HE_2015.at("equation 10")
    assert (source.work, source.locator) == (sources.HE_2015, "equation 10")


def test_every_work_of_the_module_is_listed_once() -> None:
    defined = [work for work in vars(sources).values() if isinstance(work, sources.Work)]
    assert sorted(work.key for work in sources.WORKS) == sorted(work.key for work in defined)
    assert len({work.key for work in sources.WORKS}) == len(sources.WORKS)


@pytest.mark.parametrize("work", sources.WORKS, ids=lambda work: work.key)
def test_a_work_can_be_cited(work: sources.Work) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", work.key)
    assert all(text.strip() for text in (work.cited_as, work.authors, work.title, work.published))
