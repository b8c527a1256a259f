from pathlib import Path

import pytest

from study import catalogue
from study.errors import StudyError


def test_a_file_in_the_folder_is_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("beta.py", "alpha.py", "__init__.py", "_draft.py", "notes.md"):
        (tmp_path / file).touch()
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    assert catalogue.names() == ["alpha", "beta"]


def test_there_are_experiments() -> None:
    assert catalogue.names()


@pytest.mark.parametrize("name", ["nope", "", "__init__", "../runner"])
def test_an_unknown_name_is_refused_with_the_choices(name: str) -> None:
    with pytest.raises(StudyError) as raised:
        catalogue.load(name)
    choices = ", ".join(catalogue.names())
    assert str(raised.value) == f"experiment={name}: no such experiment; choose from {choices}"
