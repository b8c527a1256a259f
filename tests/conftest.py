"""What several test modules share: data, a command line and finished runs, all made on the spot."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import hypothesis
import matplotlib as mpl
import pytest
import torch

from study import catalogue, command_line, configuring, controls, steps
from study.engine import local
from study.errors import StudyError
from study.lab import mnist
from study.record.draws import Draw
from study.record.experiment import Experiment, Method
from study.record.results import Result, read_json, read_run, write_json, write_run
from tests.subjects import confine

mpl.use("Agg")

# How long an example takes says something of the machine and nothing of the study.
hypothesis.settings.register_profile("study", deadline=None)
hypothesis.settings.load_profile("study")

ROOT = Path(__file__).parents[1]
NAMES = catalogue.names()


SECONDS = Path(__file__).with_name("seconds.json")
"""Processor time of each group of tests, as noted last, in seconds: that of the fast tier, and that
of what only the full tier has."""
FULL = " (full)"
"""How the name of a group ends in which the full tier's own tests are counted."""
SAMPLE, CONTROLS_OF = "a sample of controls", "controls of "
TWICE, SHORT = 2.0, 5.0
"""A group is named as slower than noted if it takes twice as long, and that is not short."""

BEGAN = pytest.StashKey[float]()
spent: dict[str, float] = defaultdict(float)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the tiers and their cost need."""
    parser.addoption("--full", action="store_true", help="run everything, from nothing")
    parser.addoption("--note-seconds", action="store_true", help="note what the tests take")
    parser.addoption("--experiment", help="run what one experiment keeps to, and its own tests")


def pytest_configure(config: pytest.Config) -> None:
    """Confine the tests to the experiment that is named, before anything is collected."""
    if name := named_experiment(config):
        confine(name)
        if config.args_source is not pytest.Config.ArgsSource.ARGS:
            module = ROOT / "tests" / "experiments" / catalogue.group(name) / f"test_{name}.py"
            config.args[:] = [str(ROOT / "tests" / "contract"), str(module)]


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tier; skip what this machine lacks; begin with what takes longest."""
    name = named_experiment(config)
    left_out = {
        item
        for item in items
        if (not config.getoption("--full") and item.get_closest_marker("full"))
        or (name and item.get_closest_marker("together"))
    }
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]
    lacks = {
        "mnist": not os.environ.get(mnist.FOLDER_VARIABLE)
        and f"{mnist.FOLDER_VARIABLE} does not name the folder of the four MNIST files",
        "gpu": not torch.cuda.is_available() and "torch sees no CUDA device",
    }
    for item in items:
        for marker, reason in lacks.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    noted = read_json(SECONDS, {})
    items.sort(key=lambda item: -noted.get(noted_as(item), 0.0))


def named_experiment(config: pytest.Config) -> str:
    """Return the experiment to which the tests are confined, or nothing."""
    name = config.getoption("--experiment")
    try:
        return catalogue.known(name) if name else ""
    except StudyError as error:
        raise pytest.UsageError(str(error)) from None


def parameters(item: pytest.Item) -> "tuple[str | None, controls.Trial | None]":
    """Return the experiment and the trial that a test is given, if it is."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return params.get("name"), params.get("trial")


def group_of(item: pytest.Item) -> str:
    """Name what a test shares a process with: runs of one experiment, or all of its module."""
    name, trial = parameters(item)
    if trial is not None:
        return f"{CONTROLS_OF}{trial.name}"
    return name if name in NAMES else item.path.relative_to(ROOT).with_suffix("").as_posix()


def noted_as(item: pytest.Item) -> str:
    """Name under what the time of a test is noted; the sample of controls is another each time."""
    group = SAMPLE if group_of(item).startswith(CONTROLS_OF) else group_of(item)
    return group + (FULL if item.get_closest_marker("full") else "")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Begin to count what a test takes of the processor, with its fixtures and processes."""
    item.stash[BEGAN] = sum(os.times()[:4])
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Let the last report of a test say what it took."""
    yield
    seconds = round(sum(os.times()[:4]) - item.stash[BEGAN], 3)
    item.user_properties.append(("took", [noted_as(item), seconds]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up, where all reports arrive, what each group takes."""
    for name, value in report.user_properties:
        if name == "took" and report.when == "teardown":
            group, seconds = cast("tuple[str, float]", value)
            spent[group] += seconds


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what the groups took; note it if asked to."""
    known = read_json(SECONDS, {})
    slower = {
        group: seconds
        for group, seconds in spent.items()
        if seconds > max(SHORT, TWICE * known.get(group, 0.0))
    }
    terminalreporter.write_line(f"{sum(spent.values()):.0f} s of processor time in all")
    full = config.getoption("--full")
    part = config.option.keyword or config.option.markexpr or config.getoption("--experiment")
    whole = config.args_source is not pytest.Config.ArgsSource.ARGS and not part
    if config.getoption("--note-seconds") and not (whole and os.environ.get(mnist.FOLDER_VARIABLE)):
        terminalreporter.write_line("nothing is noted of a part of the tests, or without MNIST")
    elif config.getoption("--note-seconds"):
        kept = {} if full else {name: x for name, x in known.items() if name.endswith(FULL)}
        write_json(SECONDS, kept | {group: round(x, 1) for group, x in spent.items()})
    elif slower:
        told = ", ".join(f"{group} {seconds:.0f} s" for group, seconds in slower.items())
        terminalreporter.write_line(f"slower than noted (--note-seconds notes it): {told}")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # as in every run of the study


@pytest.fixture(scope="session")
def data_set() -> Callable[[str], mnist.Mnist]:
    """Give a data set by name, on the CPU, each read once."""
    return controls.data_set


@pytest.fixture(scope="session")
def embedded(data_set: Callable[[str], mnist.Mnist]) -> mnist.Mnist:
    """Give the 5,000 images that are always there."""
    return data_set("mnist_5k")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the command line keep its runs in an empty folder of its own."""
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    monkeypatch.setattr(command_line, "REFERENCE", tmp_path / "outputs" / "reference")
    monkeypatch.setattr(command_line, "LATEST", tmp_path / "outputs" / "latest")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def study(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call ``python -m study`` with some words, in this process and in ``project``."""
    monkeypatch.setattr(local, "processes", ThreadPoolExecutor)

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["study", *words])
        capsys.readouterr()
        code = command_line.main()
        return subprocess.CompletedProcess(words, code, *capsys.readouterr())

    assert project.is_dir()
    return call


@pytest.fixture
def make_run() -> Callable[..., Path]:
    """Write a finished and judged run of given samples into a folder."""

    def make(  # noqa: PLR0913 - each is one thing that a run may be refused for
        folder: Path,
        experiment: Experiment,
        samples: Mapping[str, Sequence[float]],
        *,
        scale: str = "reference",
        data: str = "mnist",
        dirty: bool = False,
        width: int = 8,
    ) -> Path:
        count = len(next(iter(samples.values())))
        result = Result(tuple(range(count)), samples, {})
        settings: dict[str, Any] = {"experiment": {"width": width}, "scale": scale}
        made = {"data": {"name": data, "checksum": "0"}, "dirty": dirty, "fingerprint": "0"}
        write_run(folder, settings, result, made)
        values = read_run(folder).values
        judged = steps.judgements(experiment.claims, values, data, experiment.untested)
        write_json(folder / "claims.json", judged)
        return folder

    return make


@dataclass(frozen=True)
class ThreeDraws:
    """A few draws of an experiment of quick size, each brief, of the embedded images."""

    method: Method
    config: Any
    draws: Mapping[int, Draw]
    exact: Mapping[str, float]
    choice: tuple[Any, ...]

    def result(self, chosen: Iterable[int] = (0, 1, 2)) -> Result:
        """Return what some of the draws make."""
        draws = {draw: self.draws[draw] for draw in chosen}
        return self.method.pool(self.config, draws, self.exact, self.choice)


@pytest.fixture(scope="session")
def three_draws(embedded: mnist.Mnist) -> Callable[[str], ThreeDraws]:
    """Make three draws of an experiment, once in each process."""

    @cache
    def made(name: str) -> ThreeDraws:
        method = catalogue.load(name).method
        settings = configuring.plain_settings(name, "quick", "brief") | {"draws": 3}
        config = configuring.checked(method.config, settings)
        inputs = method.prepare(config, embedded)
        choice = method.chosen(config, inputs)
        draws = {draw: method.measure(config, inputs, draw, *choice) for draw in range(3)}
        return ThreeDraws(method, config, draws, method.numbers(config, inputs, choice), choice)

    return made
