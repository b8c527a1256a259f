"""One queue of draws, with threads for an executor: they see what a test puts in their way."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from study import catalogue, configuring, queue, runner, steps
from study.configuring import DataSettings, LocalSettings, StudySettings
from study.engine import tasks
from study.engine.engines import Engine
from study.engine.tasks import CHOICE, Data
from study.errors import EngineLostError, StudyError, WorkerDiedError
from study.lab import checkpoints, mnist
from study.queue import Costs, Finished, Job, Progress
from study.record.draws import Draw
from study.record.results import Run, read_run, read_table

NAME = "relu_second_moment"
SMALL = {"depth": 2, "width": 4, "images": 3}


@contextmanager
def thread() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@dataclass
class Laboratory:
    """An experiment that notes which draws are made, and can be made to fail."""

    folder: Path
    data: Data
    made: list[int] = field(default_factory=list)
    costs: Costs = field(default_factory=lambda: Costs({}))
    fails: Callable[[int], None] = lambda _: None
    start: Any = thread
    watched: list[Progress] = field(default_factory=list)

    def measure(self, config: Any, inputs: Any, draw: int) -> Draw:  # noqa: ANN401 - of any experiment
        self.fails(draw)
        self.made.append(draw)
        return self.original.measure(config, inputs, draw)

    def __post_init__(self) -> None:
        self.original = catalogue.method(NAME)

    def job(self, draws: int = 2, *, force: bool = False, brief: bool = False) -> Job:
        settings = configuring.plain_settings(NAME, "quick") | SMALL | {"draws": draws}
        config = configuring.checked(self.original.config, settings)
        study = StudySettings(
            scale="quick",
            device="cpu",
            output="outputs/latest",
            force=force,
            data=DataSettings(name="mnist_5k", pixel_scale=256.0),
            engine=LocalSettings(name="local", workers=1),
            first=(),
        )
        return Job(NAME, config, study, self.folder, replace(config, width=5) if brief else None)

    def perform(self, *jobs: Job) -> list[Finished]:
        self.made.clear()
        watch = self.watched.append
        return list(runner.perform(jobs, self.data, Engine(self.start, 1), self.costs, watch))

    def run(self, draws: int = 2, **changes: bool) -> Run:
        (done,) = self.perform(self.job(draws, **changes))
        assert done.reason == ""
        assert done.run is not None
        return done.run


@pytest.fixture
def laboratory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedded: mnist.Mnist
) -> Iterator[Laboratory]:
    (tmp_path / "data").mkdir()
    mnist.share(embedded, tmp_path / "data")
    data = Data(embedded.name, embedded.checksum, 256.0, str(tmp_path / "data"))
    made = Laboratory(tmp_path / "runs" / NAME, data)
    method = replace(made.original, measure=made.measure)
    monkeypatch.setattr(catalogue, "method", lambda _: method)
    monkeypatch.setattr(
        steps, "draw_figures", lambda _, run: (run.folder / "figures").mkdir(exist_ok=True)
    )
    tasks._prepared.cache_clear()
    tasks._data.cache_clear()
    yield made
    tasks._prepared.cache_clear()
    tasks._data.cache_clear()


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


# What a run leaves -------------------------------------------------------------------------------


def test_a_run_leaves_its_numbers_its_verdicts_and_how_it_was_made(laboratory: Laboratory) -> None:
    run = laboratory.run()
    assert run == read_run(laboratory.folder)
    assert run.data == "mnist_5k"
    assert run.settings["scale"] == "quick"
    assert run.settings["experiment"]["name"] == NAME
    assert run.settings["experiment"]["draws"] == 2
    experiment = catalogue.load(NAME)
    ids = [claim.id for claim in experiment.claims]
    ids += [statement.id for statement in experiment.untested]
    assert [row["id"] for row in run.judgements] == ids
    made = {"commit", "dirty", "versions", "fingerprint", "processor_seconds", "device", "threads"}
    assert made <= set(run.provenance)


def test_the_numbers_are_those_of_draws_made_one_after_another(
    laboratory: Laboratory, embedded: mnist.Mnist
) -> None:
    run = laboratory.run(3)
    expected = catalogue.load(NAME).run(laboratory.job(3).config, embedded, range(3))
    assert run.values.keys() == expected.values.keys()
    for key, value in expected.values.items():
        assert run.values[key].mean == pytest.approx(value.mean, rel=1e-5)
    assert [row["draw"] for row in read_table(run.folder / "samples.csv")] == [0, 1, 2]


def test_brief_draws_are_stored_beside_the_others(laboratory: Laboratory) -> None:
    run = laboratory.run(3, brief=True)
    assert sorted(laboratory.made) == [0, 0, 1, 1, 2]
    rows = [read_table(run.folder / f"{name}.csv") for name in ("samples", "replay")]
    assert [row["draw"] for row in rows[1]] == [0, 1]
    assert rows[1] != rows[0][:2]
    assert "replay" not in run.tables


# What is made ------------------------------------------------------------------------------------


def test_finished_work_is_not_done_again(laboratory: Laboratory) -> None:
    laboratory.run()
    before = files(laboratory.folder)
    (done,) = laboratory.perform(laboratory.job())
    assert done.again
    assert laboratory.made == []
    assert files(laboratory.folder) == before


def test_more_draws_are_added_to_those_that_are_there(laboratory: Laboratory) -> None:
    laboratory.run(2)
    run = laboratory.run(5)
    assert laboratory.made == [2, 3, 4]
    assert run.values["forward_factor.one_over_n"].draws == 5
    laboratory.run(3)
    assert laboratory.made == []


def test_force_does_finished_work_again(laboratory: Laboratory) -> None:
    names = ("config.json", "samples.csv", "values.json", "claims.json")
    laboratory.run()
    before = [files(laboratory.folder)[name] for name in names]
    laboratory.run(force=True)
    assert laboratory.made == [0, 1]
    assert [files(laboratory.folder)[name] for name in names] == before


def test_other_settings_know_nothing_of_the_draws(laboratory: Laboratory) -> None:
    laboratory.run()
    job = laboratory.job()
    (done,) = laboratory.perform(replace(job, config=replace(job.config, seed=1)))
    assert laboratory.made == [0, 1]
    assert done.run is not None


def test_data_in_another_unit_knows_nothing_of_the_draws(laboratory: Laboratory) -> None:
    laboratory.run()
    laboratory.data = replace(laboratory.data, pixel_scale=255.0)
    laboratory.run()
    assert laboratory.made == [0, 1]


def test_a_changed_table_is_pooled_again_from_the_draws_that_are_there(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    laboratory.run()
    monkeypatch.setattr(steps, "_pooling", lambda _: "of other code")
    (done,) = laboratory.perform(laboratory.job())
    assert laboratory.made == []
    assert not done.again


def test_a_changed_band_is_judged_again_and_a_changed_plot_drawn_again(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []

    def draw(_figures: object, run: Run) -> None:
        drawn.append(run.folder)
        (run.folder / "figures").mkdir(exist_ok=True)

    monkeypatch.setattr(steps, "draw_figures", draw)
    laboratory.run()
    drawn.clear()
    claims, numbers = (laboratory.folder / name for name in ("claims.json", "samples.csv"))
    before = numbers.stat().st_mtime_ns
    claims.write_text("[]")
    with monkeypatch.context() as patch:
        patch.setattr(steps, "_judging", lambda *_: "of another band")
        laboratory.run()
    assert json.loads(claims.read_text())
    assert drawn == []
    monkeypatch.setattr(steps, "_drawing", lambda *_: "of another plot")
    laboratory.run()
    assert drawn == [laboratory.folder]
    assert laboratory.made == []
    assert numbers.stat().st_mtime_ns == before


def test_short_draws_travel_together_and_the_first_alone(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int | str, ...]] = []
    original = tasks.perform

    def perform(task: tasks.Task) -> list[tasks.Output]:
        asked.append(task.items)
        return [replace(one, seconds=0.25) for one in original(task)]

    monkeypatch.setattr(tasks, "perform", perform)
    laboratory.run(11)
    # Two are with the executor, and nothing is known of their cost when they are sent.
    assert [len(wanted) for wanted in asked] == [1, 1, 4, 4, 1]
    assert [draw for wanted in asked for draw in wanted] == list(range(11))


def test_a_choice_comes_first_and_is_made_once(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def choose(_config: object, _inputs: object) -> dict[str, float]:
        seen.append("asked")
        return {"rate": 0.5}

    def measure(config: object, inputs: object, draw: int, choice: object) -> Draw:
        seen.append(choice)
        return laboratory.measure(config, inputs, draw)

    method = replace(laboratory.original, measure=measure, choose=choose)
    monkeypatch.setattr(catalogue, "method", lambda _: method)
    laboratory.run(3)
    laboratory.run(4)
    assert seen == ["asked", *[{"rate": 0.5}] * 4]
    (store,) = (laboratory.folder.parent / ".draws" / NAME).iterdir()
    assert {path.stem for path in store.iterdir()} == {CHOICE, "0", "1", "2", "3"}


# What goes wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (StudyError("experiment.images=9: there are only 3"), "experiment.images=9: there are"),
        (MemoryError(), f"{NAME}: not enough memory for these settings"),
        (OSError(28, os.strerror(28)), f"{NAME}: draw 1: [Errno 28] No space left on device"),
    ],
)
def test_what_is_refused_is_said_in_one_line_and_costs_no_other_draw(
    laboratory: Laboratory, error: Exception, line: str
) -> None:
    def fails(draw: int) -> None:
        if draw == 1:
            raise error

    laboratory.fails = fails
    (done,) = laboratory.perform(laboratory.job(3))
    assert done.run is None
    assert done.reason.startswith(line)
    laboratory.fails = lambda _: None
    laboratory.run(3)
    assert 0 not in laboratory.made


def test_a_refused_job_does_not_stop_another(laboratory: Laboratory) -> None:
    bad = laboratory.job()
    bad = replace(bad, config=replace(bad.config, images=10_000_000), folder=bad.folder / "bad")
    done = laboratory.perform(bad, laboratory.job())
    assert [one.reason.partition(":")[0] for one in done] == ["experiment.images=10000000", ""]


def test_a_mistake_of_ours_keeps_its_traceback_and_stops_no_other(laboratory: Laboratory) -> None:
    def fails(draw: int) -> None:
        if draw == 1:
            raise ZeroDivisionError("ours")

    laboratory.fails = fails
    other = replace(laboratory.job(1), folder=laboratory.folder.with_name("other-variants") / "a")
    made = runner.perform(
        [laboratory.job(), other], laboratory.data, Engine(thread, 1), laboratory.costs
    )
    done = [next(made).reason, next(made).reason]
    with pytest.raises(ZeroDivisionError, match="ours"):
        next(made)
    assert done == [f"{NAME}: draw 1: ours", ""]  # the other came to its end


def test_an_interrupted_run_loses_the_draws_in_the_making_only(laboratory: Laboratory) -> None:
    def fails(draw: int) -> None:
        checkpoints.save("one", {"losses": [float(draw)]})
        if draw == 1:
            raise KeyboardInterrupt

    laboratory.fails = fails
    with pytest.raises(KeyboardInterrupt):
        laboratory.perform(laboratory.job(3))
    found: list[object] = []
    laboratory.fails = lambda _: found.append(checkpoints.load("one"))
    laboratory.run(3)
    assert 0 not in laboratory.made
    assert found[0] == {"losses": [1.0]}
    (store,) = (laboratory.folder.parent / ".draws" / NAME).iterdir()
    assert list((store / "checkpoints").iterdir()) == []


class Dying(ThreadPoolExecutor):
    """An executor whose process dies of some draws, so many times."""

    deaths: dict[int, int]

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - any call
        task = fn.args[0]
        for draw in getattr(task, "items", ()):
            if self.deaths.get(draw, 0):
                self.deaths[draw] -= 1
                future: Future[Any] = Future()
                future.set_exception(BrokenExecutor())
                return future
        return super().submit(fn, *args, **kwargs)


def test_draws_whose_process_died_are_made_again(laboratory: Laboratory) -> None:
    Dying.deaths = {1: 2}
    laboratory.start = lambda: Dying(1)
    run = laboratory.run(4)
    assert run.values["forward_factor.one_over_n"].draws == 4
    assert sorted(set(laboratory.made)) == [0, 1, 2, 3]


def test_a_draw_that_takes_its_process_down_three_times_is_named(laboratory: Laboratory) -> None:
    Dying.deaths = {2: 99}
    laboratory.start = lambda: Dying(1)
    (done,) = laboratory.perform(laboratory.job(4))
    assert done.reason == f"{NAME}: draw 2: its process died 3 times (is there enough memory?)"


def test_an_executor_that_is_dead_already_loses_nothing(laboratory: Laboratory) -> None:
    class Dead(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:  # noqa: ANN401 - any call
            raise BrokenExecutor

    starts = iter([Dead(1), ThreadPoolExecutor(1)])
    laboratory.start = lambda: next(starts)
    laboratory.run(3)
    assert sorted(laboratory.made) == [0, 1, 2]


class Far(ThreadPoolExecutor):
    """The workers of a cluster; that which makes some draw dies, so many times."""

    workers = 1

    def __init__(self, deaths: dict[int, int]) -> None:
        super().__init__(1)
        self.deaths = deaths
        self.tasks: list[tasks.Task] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - any call
        (task,) = fn.args
        self.tasks.append(task)
        if hit := [draw for draw in task.items if self.deaths.get(draw, 0)]:
            self.deaths[hit[0]] -= 1
            future: Future[Any] = Future()
            future.set_exception(WorkerDiedError())
            return future
        return super().submit(fn, *args, **kwargs)


def far(laboratory: Laboratory, deaths: dict[int, int], draws: int = 4) -> tuple[Far, Finished]:
    cluster = Far(deaths)
    engine = Engine(laboratory.start, 1, lambda: cluster)  # type: ignore[arg-type,return-value]
    (done,) = runner.perform([laboratory.job(draws)], laboratory.data, engine, laboratory.costs)
    return cluster, done


def test_a_cluster_makes_draws_and_sees_no_file_of_this_machine(laboratory: Laboratory) -> None:
    cluster, done = far(laboratory, {})
    assert done.reason == ""
    assert {task.data.folder for task in cluster.tasks} == {""}
    assert {task.checkpoints for task in cluster.tasks} == {""}
    assert sorted(laboratory.made) == [0, 1, 2, 3]


def test_a_worker_that_died_costs_its_draws_alone(laboratory: Laboratory) -> None:
    cluster, done = far(laboratory, {1: 2})
    assert done.reason == ""
    assert sorted(laboratory.made) == [0, 1, 2, 3]
    asked = [draw for task in cluster.tasks for draw in task.items]
    assert {draw: asked.count(draw) for draw in (0, 1)} == {0: 1, 1: 3}


def test_a_draw_that_takes_three_workers_down_is_named(laboratory: Laboratory) -> None:
    _, done = far(laboratory, {2: 99})
    assert done.reason == f"{NAME}: draw 2: its process died 3 times (is there enough memory?)"


def test_where_a_conclusion_breaks_no_draw_of_a_cluster_is_made_again(
    laboratory: Laboratory,
) -> None:
    class Breaking(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:  # noqa: ANN401 - any call
            future: Future[Any] = Future()
            future.set_exception(BrokenExecutor())
            return future

    starts = iter([Breaking(1), ThreadPoolExecutor(1)])
    laboratory.start = lambda: next(starts)
    _, done = far(laboratory, {})
    assert done.reason == ""
    assert sorted(laboratory.made) == [0, 1, 2, 3]


def test_a_cluster_that_is_gone_ends_the_study(laboratory: Laboratory) -> None:
    def gone(draw: int) -> None:
        if draw == 1:
            raise EngineLostError("engine=dask: gone")

    laboratory.fails = gone
    with pytest.raises(EngineLostError, match="engine=dask: gone"):
        far(laboratory, {})
    laboratory.fails = lambda _: None
    far(laboratory, {})
    assert laboratory.made.count(0) == 1


# How far it is -----------------------------------------------------------------------------------


def test_what_work_takes_is_measured_or_usual_at_the_pace_of_the_machine() -> None:
    costs = Costs({"a": {"draw": 1.0}, "b": {"draw": 10.0}})
    assert costs.of("b", "draw") == 10.0
    assert costs.of("c", "draw") is None
    costs.note("a", "draw", 3.0)
    costs.note("a", "draw", 5.0)
    assert costs.of("a", "draw") == 4.0
    assert costs.of("b", "draw") == 40.0
    assert costs.spent == 8.0


def test_small_work_of_which_nothing_is_known_does_not_hide_the_time_left() -> None:
    costs = Costs({})
    assert costs.of("a", "conclusion") == queue.SOMETHING
    costs.note("b", "conclusion", 3.0)
    costs.note("c", "conclusion", 5.0)
    assert costs.of("a", "conclusion") == 4.0
    assert costs.of("a", "draw") is None


def test_progress_ends_at_the_whole_and_counts_down(laboratory: Laboratory) -> None:
    laboratory.costs = Costs({NAME: {"draw": 10.0, "conclusion": 1.0}})
    laboratory.run(6)
    assert laboratory.watched[-1].finished_jobs == laboratory.watched[-1].jobs == 1
    assert laboratory.watched[-1].seconds_left == 0.0
    assert laboratory.watched[-1].share == 1.0
    assert laboratory.watched[-1].draws == 6


@pytest.mark.parametrize(("workers", "left"), [(1, 64.0), (4, 16.0)])
def test_the_time_left_is_what_is_left_over_the_workers(
    laboratory: Laboratory, workers: int, left: float
) -> None:
    laboratory.folder = laboratory.folder.parent / NAME
    made = queue.Queue(
        [laboratory.job(6)],
        laboratory.data,
        Costs({NAME: {"draw": 10.0, "conclusion": 4.0}}),
        workers,
    )
    progress = made.progress()
    assert progress.seconds_left == left
    assert progress.share == 0.0


def test_the_longest_draw_cannot_be_shared(laboratory: Laboratory) -> None:
    made = queue.Queue(
        [laboratory.job(2)], laboratory.data, Costs({NAME: {"draw": 100.0, "conclusion": 1.0}}), 50
    )
    assert made.progress().seconds_left == 100.0


def test_a_draw_that_waits_for_a_process_is_not_in_the_making(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = queue.Queue(
        [laboratory.job(4)], laboratory.data, Costs({NAME: {"draw": 4.0, "conclusion": 0.0}}), 1
    )
    clock = [100.0]
    monkeypatch.setattr(queue, "perf_counter", lambda: clock[0])

    class Idle(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:  # noqa: ANN401 - any call
            return Future()

    idle = Idle(1)
    made.send(idle, idle)
    assert len(made.running) == 2
    assert made.progress().seconds_left == 16.0
    clock[0] = 103.0
    assert made.progress().seconds_left == 13.0
    clock[0] = 108.0  # longer than was thought: it may take longer yet
    assert made.progress().seconds_left == 14.0


def test_other_settings_of_an_experiment_have_costs_of_their_own(laboratory: Laboratory) -> None:
    laboratory.costs = Costs({NAME: {"draw": 1e-3}})
    job = laboratory.job(6)
    variant = replace(job, folder=laboratory.folder.with_name(f"{NAME}-variants") / "abc")
    made = queue.Queue([variant], laboratory.data, laboratory.costs, 1)
    assert made.progress().seconds_left is None
    with thread() as executor:
        made.send(executor, executor)
        assert [ticket.items for ticket in made.running.values()] == [(0,), (1,)]


# Where a run lies --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    width: int


def place(width: int, **changes: Any) -> Path:  # noqa: ANN401 - any setting of the study
    data = DataSettings(changes.pop("data", "auto"), changes.pop("pixel_scale", 256.0))
    engine = LocalSettings("local", changes.pop("workers", None))
    known: dict[str, Any] = {
        "scale": "reference",
        "device": "cpu",
        "output": "out",
        "force": False,
    }
    study = StudySettings(**(known | changes), data=data, engine=engine, first=())
    return runner.folder_for(NAME, Settings(width), Settings(1), study, Path("root"))


@pytest.mark.parametrize(
    "changes", [{}, {"data": "mnist"}, {"scale": "quick"}, {"force": True}, {"workers": 3}]
)
def test_plain_settings_lie_under_the_plain_name(changes: dict[str, Any]) -> None:
    assert place(1, **changes) == Path("root", "out", "variance", NAME)


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
    assert {folder.parent for folder in folders} == {
        Path("root", "out", "variance", f"{NAME}-variants")
    }


def test_a_variant_lies_in_the_same_folder_each_time() -> None:
    assert place(2) == place(2)
