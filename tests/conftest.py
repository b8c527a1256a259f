"""What several test modules share: data, a command line and finished runs, all made on the spot."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import torch

from study import catalogue, command_line, configuring, steps
from study.engine import local
from study.lab import mnist
from study.record.experiment import Experiment
from study.record.results import Result, read_run, write_json, write_run

mpl.use("Agg")

NAMES = catalogue.names()


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what this machine has no data or no device for."""
    lacks = {
        "mnist": not os.environ.get(mnist.FOLDER_VARIABLE)
        and f"{mnist.FOLDER_VARIABLE} does not name the folder of the four MNIST files",
        "gpu": not torch.cuda.is_available() and "torch sees no CUDA device",
    }
    for item in items:
        for marker, reason in lacks.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))
    for item in items:  # what shares runs of one experiment, or a site, is to share a process
        params = getattr(item, "callspec", None)
        name = params.params.get("name") if params else None
        item.add_marker(pytest.mark.xdist_group(name if name in NAMES else item.path.stem))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # as in every run of the study


@pytest.fixture(scope="session")
def data_set() -> Callable[[str], mnist.Mnist]:
    """Give a data set by name, on the CPU, each read once."""
    known: dict[str, mnist.Mnist] = {}

    def read(name: str) -> mnist.Mnist:
        if name not in known:
            known[name] = mnist.load(mnist.find(name), 256.0, torch.device("cpu"))
        return known[name]

    return read


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


@pytest.fixture(scope="session")
def small_settings() -> Callable[..., dict[str, Any]]:
    """Give the quick settings of an experiment, with so many draws, which are brief."""

    def settings(name: str, draws: int) -> dict[str, Any]:
        return configuring.plain_settings(name, "quick", "brief") | {"draws": draws}

    return settings


@pytest.fixture(scope="session")
def small_result(
    embedded: mnist.Mnist, small_settings: Callable[..., dict[str, Any]]
) -> Callable[[str, tuple[int, ...]], Result]:
    """Give what an experiment of quick size makes of some draws of the embedded images."""
    known: dict[str, Result] = {}

    def result(name: str, draws: tuple[int, ...]) -> Result:
        key = json.dumps([name, draws])
        if key not in known:
            experiment = catalogue.load(name)
            config = configuring.checked(experiment.config, small_settings(name, 3))
            known[key] = experiment.run(config, embedded, draws)
        return known[key]

    return result
