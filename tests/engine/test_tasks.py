import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from study import catalogue, configuring
from study.engine import tasks
from study.engine.tasks import EXACT, Data, Task
from study.errors import StudyError
from study.lab import checkpoints, mnist
from study.record import provenance
from study.record.draws import Draw, draw_to_json

NAME = "relu_second_moment"
SMALL = {"draws": 3, "depth": 2, "width": 4, "images": 3}


@pytest.fixture
def data(tmp_path: Path, embedded: mnist.Mnist) -> Data:
    folder = tmp_path / "data"
    folder.mkdir()
    mnist.share(embedded, folder)
    return Data(embedded.name, embedded.checksum, 256.0, str(folder))


@pytest.fixture
def task(data: Data) -> Task:
    tasks._prepared.cache_clear()
    tasks._data.cache_clear()
    settings = configuring.plain_settings(NAME, "quick") | SMALL
    code = provenance.code_digest(catalogue.module(NAME))
    return Task(NAME, settings, data, "cpu", code, (0,), "", "")


def test_a_task_makes_the_draws_that_are_made_here(task: Task, embedded: mnist.Mnist) -> None:
    experiment = catalogue.load(NAME)
    config = configuring.checked(experiment.config, task.settings)
    inputs = experiment.method.prepare(config, embedded)
    made = tasks.perform(replace(task, items=(2, 0)))
    assert [one.item for one in made] == [2, 0]
    for one in made:
        expected = experiment.method.measure(config, inputs, one.item)
        assert one.content == json.dumps(draw_to_json(expected))
        assert one.seconds >= 0
        assert one.memory > 1e7


def test_without_shared_data_a_process_finds_its_own(task: Task) -> None:
    alone = replace(task, data=replace(task.data, folder=""))
    assert [one.content for one in tasks.perform(alone)] == [
        one.content for one in tasks.perform(task)
    ]


def test_other_code_is_refused(task: Task) -> None:
    line = f"{NAME}: its code is not that with which the study began; start again"
    with pytest.raises(StudyError, match=line):
        tasks.perform(replace(task, code="0"))


def methods(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:  # noqa: ANN401 - functions
    method = replace(catalogue.method(NAME), **changes)
    monkeypatch.setattr(catalogue, "method", lambda _: method)


def test_a_draw_begins_with_plain_arithmetic_and_leaves_no_trace(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = 1e-40  # below the smallest normal float32

    def measure(*_: object) -> Draw:
        kept = (torch.tensor([tiny]) * 1.0).item()
        torch.manual_seed(0)
        return Draw({"threads": torch.get_num_threads(), "kept": kept})

    methods(monkeypatch, measure=measure)
    before = torch.get_rng_state()
    torch.set_flush_denormal(True)
    (made,) = tasks.perform(task)
    values = json.loads(made.content)["values"]
    assert values["threads"] == 1
    assert values["kept"] > 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("told", ["DefaultCPUAllocator: can't allocate memory", "out of memory"])
def test_too_little_memory_for_torch_is_too_little_memory(
    task: Task, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    def measure(*_: object) -> Draw:
        raise RuntimeError(told)

    methods(monkeypatch, measure=measure)
    with pytest.raises(MemoryError):
        tasks.perform(task)


def test_another_error_of_torch_stays_what_it_is(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object) -> Draw:
        raise RuntimeError("shapes cannot be multiplied")

    methods(monkeypatch, measure=measure)
    with pytest.raises(RuntimeError, match="shapes cannot"):
        tasks.perform(task)


def test_what_was_chosen_reaches_draws_and_exact_numbers(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(_config: object, _inputs: object) -> dict[str, float]:
        return {"rate": 0.5}

    def measure(_config: object, _inputs: object, draw: int, choice: dict[str, float]) -> Draw:
        return Draw({"x": draw + choice["rate"]})

    def exact(_config: object, _inputs: object, choice: dict[str, float]) -> dict[str, float]:
        return choice

    methods(monkeypatch, choose=choose, measure=measure, exact=exact)
    (choice,) = tasks.perform(replace(task, items=(tasks.CHOICE,)))
    drawn, numbers = tasks.perform(replace(task, items=(3, EXACT), choice=choice.content))
    assert json.loads(drawn.content)["values"] == {"x": 3.5}
    assert json.loads(numbers.content) == {"rate": 0.5}


def test_each_draw_has_its_own_checkpoints(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(_config: object, _inputs: object, draw: int) -> Draw:
        assert checkpoints.load("one") is None
        checkpoints.save("one", {"losses": [float(draw)]})
        return Draw({})

    methods(monkeypatch, measure=measure)
    tasks.perform(replace(task, items=(0, 1), checkpoints=str(tmp_path / "kept")))
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["0", "1"]


def test_inputs_are_prepared_once_for_the_draws_of_an_experiment(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[object] = []
    original = catalogue.method(NAME)

    def prepare(config: object, data: object) -> object:
        prepared.append(config)
        return original.prepare(config, data)

    methods(monkeypatch, prepare=prepare)
    for draw in range(3):
        tasks.perform(replace(task, items=(draw,)))
    assert len(prepared) == 1


def test_data_is_laid_out_once(tmp_path: Path) -> None:
    found = mnist.find("mnist_5k")
    first = tasks.laid_out(found, 256.0, tmp_path)
    stamp = Path(first.folder).stat().st_ino
    assert tasks.laid_out(found, 256.0, tmp_path) == first
    assert Path(first.folder).stat().st_ino == stamp
    other = tasks.laid_out(found, 256.00001, tmp_path)
    assert other.folder != first.folder


def test_data_that_was_cut_off_is_laid_out_again(tmp_path: Path) -> None:
    found = mnist.find("mnist_5k")
    folder = Path(tasks.laid_out(found, 256.0, tmp_path).folder)
    whole = (folder / "train.images.npy").read_bytes()
    (folder / "train.images.npy").write_bytes(whole[:1000])
    tasks.laid_out(found, 256.0, tmp_path)
    assert (folder / "train.images.npy").read_bytes() == whole
