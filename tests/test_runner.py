from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from study import catalogue, configuring, runner
from study.configuring import DataSettings, StudySettings
from study.errors import StudyError
from study.lab import checkpoints
from study.lab.mnist import Mnist
from study.record.results import Result, Run, read_run, read_table

NAME = catalogue.names()[0]


class Laboratory:
    """An experiment that counts how often it is run, and all that it is run with."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.original = catalogue.load(NAME)
        self.runs: list[list[int]] = []
        self.told: list[str] = []
        settings = configuring.plain_settings(NAME, "quick") | {"draws": 2}
        self.config = configuring.checked(self.original.config, settings)
        self.study = StudySettings(
            scale="quick",
            device="cpu",
            output="outputs/latest",
            force=False,
            data=DataSettings(name="mnist_5k", pixel_scale=256.0),
        )
        self.folder = folder
        self.brief: Any = None
        self.experiment = replace(self.original, run=self.run, figures=())
        monkeypatch.setattr(catalogue, "load", lambda _: self.experiment)

    def run(self, config: Any, data: Mnist, draws: Iterable[int]) -> Result:  # noqa: ANN401 - of any experiment
        made = list(draws)
        self.runs.append(made)
        return self.original.run(config, data, made)

    def perform(
        self,
        progress: Callable[[range, str], Iterable[int]] = lambda draws, _: draws,
        **changes: Any,  # noqa: ANN401 - of settings
    ) -> Run:
        study = replace(self.study, **changes)
        job = runner.Job(NAME, self.config, study, self.folder, self.brief)
        return runner.perform(job, self.told.append, progress)


@pytest.fixture
def laboratory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    return Laboratory(tmp_path / "runs" / NAME, monkeypatch)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_run_leaves_its_numbers_its_verdicts_and_how_it_was_made(laboratory: Laboratory) -> None:
    run = laboratory.perform()
    assert run == read_run(laboratory.folder)
    assert run.data == "mnist_5k"
    assert run.settings["scale"] == "quick"
    assert run.settings["experiment"]["name"] == NAME
    assert run.settings["experiment"]["draws"] == 2
    ids = [claim.id for claim in laboratory.experiment.claims]
    ids += [statement.id for statement in laboratory.experiment.untested]
    assert [row["id"] for row in run.judgements] == ids
    assert {"commit", "dirty", "versions", "fingerprint", "wall_seconds"} <= set(run.provenance)


def test_brief_draws_are_stored_beside_the_others(laboratory: Laboratory) -> None:
    laboratory.brief = laboratory.config
    run = laboratory.perform()
    assert laboratory.runs == [[0, 1], [0, 1]]
    rows = [read_table(laboratory.folder / f"{name}.csv") for name in ("samples", "replay")]
    assert rows[0] == rows[1]
    assert "replay" not in run.tables


def test_an_interrupted_run_keeps_its_checkpoints_until_it_is_finished(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[object] = []

    def training(config: Any, data: Mnist, draws: Iterable[int]) -> Result:  # noqa: ANN401 - of any
        found.append(checkpoints.load("one"))
        checkpoints.save("one", {"losses": [1.0]})
        if len(found) == 1:
            raise KeyboardInterrupt
        return laboratory.original.run(config, data, draws)

    laboratory.experiment = replace(laboratory.experiment, run=training)
    with pytest.raises(KeyboardInterrupt):
        laboratory.perform()
    monkeypatch.setattr(laboratory, "config", replace(laboratory.config, draws=3))
    laboratory.perform()  # other settings know nothing of it
    monkeypatch.setattr(laboratory, "config", replace(laboratory.config, draws=2))
    laboratory.perform()
    assert found == [None, None, {"losses": [1.0]}]
    assert not list((laboratory.folder.parent / ".unfinished").iterdir())


def test_the_reader_is_told_which_data_is_used(laboratory: Laboratory) -> None:
    laboratory.perform()
    (told,) = laboratory.told
    assert told.startswith(f"{NAME}: data mnist_5k, the 5,000 embedded images")


def test_finished_work_is_not_done_again(laboratory: Laboratory) -> None:
    first = laboratory.perform()
    before = files(laboratory.folder)
    again = laboratory.perform()
    assert laboratory.runs == [[0, 1]]
    assert again == first
    assert files(laboratory.folder) == before
    assert "already finished" in laboratory.told[-1]


def test_force_does_finished_work_again(laboratory: Laboratory) -> None:
    laboratory.perform()
    laboratory.perform(force=True)
    assert laboratory.runs == [[0, 1]] * 2


def test_forced_work_gives_the_same_numbers(laboratory: Laboratory) -> None:
    names = ("config.json", "samples.csv", "values.json", "claims.json")
    laboratory.perform()
    before = [files(laboratory.folder)[name] for name in names]
    laboratory.perform(force=True)
    assert [files(laboratory.folder)[name] for name in names] == before


@pytest.mark.parametrize(
    "change",
    [
        {"scale": "reference"},
        {"data": DataSettings(name="mnist_5k", pixel_scale=255.0)},
    ],
    ids=["scale", "pixel scale"],
)
def test_changed_settings_are_run(laboratory: Laboratory, change: dict[str, Any]) -> None:
    laboratory.perform()
    laboratory.perform(**change)
    assert len(laboratory.runs) == 2


def test_a_changed_experiment_setting_is_run(laboratory: Laboratory) -> None:
    laboratory.perform()
    laboratory.config = replace(laboratory.config, draws=3)
    laboratory.perform()
    assert laboratory.runs == [[0, 1], [0, 1, 2]]


def test_a_changed_claim_is_judged_again_without_a_run(laboratory: Laboratory) -> None:
    laboratory.perform()
    kept = laboratory.experiment.claims[:1]
    laboratory.experiment = replace(laboratory.experiment, claims=kept, untested=())
    run = laboratory.perform()
    assert len(laboratory.runs) == 1
    assert [row["id"] for row in run.judgements] == [kept[0].id]


def interrupted(draws: range, _: str) -> Iterator[int]:
    yield draws[0]
    raise KeyboardInterrupt


def test_an_interrupted_run_leaves_nothing(laboratory: Laboratory) -> None:
    with pytest.raises(KeyboardInterrupt):
        laboratory.perform(interrupted)
    assert list(laboratory.folder.parent.iterdir()) == []


def test_an_interrupted_run_leaves_the_old_one(laboratory: Laboratory) -> None:
    laboratory.perform()
    before = files(laboratory.folder)
    with pytest.raises(KeyboardInterrupt):
        laboratory.perform(interrupted, force=True)
    assert files(laboratory.folder) == before
    assert [path.name for path in laboratory.folder.parent.iterdir()] == [NAME]


def test_a_run_interrupted_before_its_verdicts_is_judged_by_the_next(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runner, "judgements", interrupt)
        with pytest.raises(KeyboardInterrupt):
            laboratory.perform()
    assert not (laboratory.folder / "claims.json").exists()
    assert laboratory.perform().judgements
    assert len(laboratory.runs) == 1


def test_progress_is_given_the_draws_and_the_name(laboratory: Laboratory) -> None:
    seen: list[tuple[range, str]] = []

    def look(draws: range, name: str) -> Iterator[int]:
        seen.append((draws, name))
        yield from draws

    laboratory.perform(look)
    assert seen == [(range(2), NAME)]


def test_an_absent_device_is_refused_before_any_work(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(StudyError, match="device=cuda: torch sees no CUDA device"):
        laboratory.perform(device="cuda")
    assert laboratory.runs == []


@dataclass(frozen=True)
class Settings:
    width: int


def place(width: int, **changes: Any) -> Path:  # noqa: ANN401 - any setting of the study
    data = DataSettings(changes.pop("data", "auto"), changes.pop("pixel_scale", 256.0))
    known: dict[str, Any] = {
        "scale": "reference",
        "device": "cpu",
        "output": "out",
        "force": False,
    }
    study = StudySettings(**(known | changes), data=data)
    return runner.folder_for("toy", Settings(width), Settings(1), study, Path("root"))


@pytest.mark.parametrize("changes", [{}, {"data": "mnist"}, {"scale": "quick"}, {"force": True}])
def test_plain_settings_lie_under_the_plain_name(changes: dict[str, Any]) -> None:
    assert place(1, **changes) == Path("root", "out", "toy")


def test_variants_lie_in_folders_of_their_own() -> None:
    settings: list[dict[str, Any]] = [
        *({"width": width} for width in range(2, 9)),
        {"width": 2, "scale": "quick"},
        {"width": 1, "data": "mnist_5k"},
        {"width": 1, "pixel_scale": 255.0},
        {"width": 1, "device": "cuda"},
    ]
    folders = {place(**changes) for changes in settings}
    assert len(folders) == len(settings)
    assert {folder.parent for folder in folders} == {Path("root", "out", "toy-variants")}


def test_a_variant_lies_in_the_same_folder_each_time() -> None:
    assert place(2) == place(2)
