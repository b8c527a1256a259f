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
    assert {part: [*inside] for part, inside in api.modules(tmp_path).items()} == {
        "study": ["study", "study.queue"],
        "study.experiments": [
            "study.experiments",
            "study.experiments.toys",
            "study.experiments.toys.shared",
        ],
        "study.lab": ["study.lab", "study.lab.by_hand", "study.lab.by_hand.layers"],
    }


def test_a_part_lists_its_modules_and_each_has_a_page_that_no_tree_lists(tmp_path: Path) -> None:
    for name, text in {"__init__": "The lab.", "mnist": "Real images.\n\nAll."}.items():
        path = tmp_path / f"study/lab/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""{text}"""')
    assert dict(api.pages(tmp_path)) == {
        "study.lab": "``study.lab``\n=============\n\n"
        ".. automodule:: study.lab\n   :members:\n\n"
        ".. list-table::\n   :widths: auto\n\n"
        "   * - :mod:`study.lab.mnist`\n     - Real images.\n\n",
        "modules/study.lab.mnist": ":orphan:\n\n"
        "``study.lab.mnist``\n===================\n\n"
        ".. automodule:: study.lab.mnist\n   :members:\n\n",
    }
