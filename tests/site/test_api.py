"""Which modules the pages of the API describe, and where."""

from pathlib import Path

from study.site import api


def test_each_part_has_its_modules_without_private_ones_and_those_of_experiments(
    tmp_path: Path,
) -> None:
    for name in (
        "study/__init__.py",
        "study/__main__.py",
        "study/queue.py",
        "study/lab/__init__.py",
        "study/lab/_private.py",
        "study/lab/by_hand/__init__.py",
        "study/lab/by_hand/layers.py",
        "study/experiments/__init__.py",
        "study/experiments/toys/__init__.py",
        "study/experiments/toys/shared.py",
        "study/experiments/toys/halving/__init__.py",
        "study/experiments/toys/halving/method.py",
        "study/experiments/toys/halving/claims.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert api.modules(tmp_path) == {
        "study": ["study", "study.queue"],
        "study.experiments": [
            "study.experiments",
            "study.experiments.toys",
            "study.experiments.toys.shared",
        ],
        "study.lab": ["study.lab", "study.lab.by_hand", "study.lab.by_hand.layers"],
    }


def test_a_page_has_a_section_for_each_module_but_the_part_itself() -> None:
    assert api.page("study.lab", ["study.lab", "study.lab.mnist"]) == (
        "``study.lab``\n=============\n\n"
        ".. automodule:: study.lab\n   :members:\n\n"
        "``study.lab.mnist``\n-------------------\n\n"
        ".. automodule:: study.lab.mnist\n   :members:\n\n"
    )
