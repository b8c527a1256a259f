from pathlib import Path

import pytest

from study import catalogue
from study.errors import StudyError


def test_a_folder_in_a_group_is_an_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("one/beta", "two/alpha"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "method.py").touch()
    (tmp_path / "one" / "shared.py").touch()
    (tmp_path / "one" / "__init__.py").write_text('"""What is asked.\n\nMore of it."""\n')
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    assert catalogue.names() == ["alpha", "beta"]
    assert catalogue.groups() == {"one": ["beta"], "two": ["alpha"]}
    assert catalogue.place("beta") == "one/beta"
    assert catalogue.question("one") == "What is asked."


def test_there_are_experiments_in_ten_groups() -> None:
    assert catalogue.names()
    assert len(catalogue.groups()) == 10
    assert all(catalogue.question(group).endswith(".") for group in catalogue.groups())


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("relu_second_momemt", ["relu_second_moment"]),
        ("notes/relu_second_moment", ["relu_second_moment"]),
        ("fan_modes_trainings", ["fan_modes_training", "loss_training", "deep_training"]),
        ("fans", ["fan_modes", "fan_modes_training", "weight_fans", "convolution_fans"]),
        ("relu", ["prelu_training", "relu_second_moment", "shifted_relu_moments"]),
        ("nope", catalogue.names()),
        ("", catalogue.names()),
        ("__init__", catalogue.names()),
        ("../runner", catalogue.names()),
    ],
)
def test_an_unknown_name_is_refused_with_those_most_like_it(name: str, choices: list[str]) -> None:
    with pytest.raises(StudyError) as raised:
        catalogue.load(name)
    assert str(raised.value) == f"{name}: no such experiment; choose from {', '.join(choices)}"


def test_a_name_may_come_with_its_group() -> None:
    assert catalogue.known("variance/relu_second_moment") == "relu_second_moment"
    assert catalogue.known("relu_second_moment") == "relu_second_moment"
