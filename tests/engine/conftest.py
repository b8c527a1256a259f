"""A small study for the engines that are not of this machine, and what has to come of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
import pytest

from study import catalogue, configuring, queue, runner
from study.configuring import (
    DataSettings,
    EngineSettings,
    LocalSettings,
    SlurmSettings,
    StudySettings,
)
from study.engine.engines import Engine
from study.engine.tasks import Data
from study.lab import mnist
from study.queue import Costs, Finished, Job, Progress

NAME = "relu_second_moment"
LOCAL = LocalSettings("local", 1)
SLURM = SlurmSettings(
    name="slurm",
    queue=None,
    account=None,
    cores=1,
    memory="1GB",
    walltime="00:10:00",
    minimum_jobs=1,
    maximum_jobs=1,
    directives=(),
    interface=None,
    python=None,
    folder=None,
)


def command_of(process: psutil.Process) -> str:
    """Return how a process was called; nothing once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie, too
        return ""


def study_settings(
    engine: EngineSettings = LOCAL, device: Literal["cpu", "cuda"] = "cpu"
) -> StudySettings:
    return StudySettings(
        scale="quick",
        device=device,
        output="outputs/latest",
        force=False,
        data=DataSettings("mnist_5k", 256.0),
        engine=engine,
        first=(),
    )


@dataclass(frozen=True)
class Small:
    """Some draws of a real experiment, in a folder of their own."""

    root: Path
    data: Data
    draws: int

    def job(self, place: str, device: Literal["cpu", "cuda"] = "cpu") -> Job:
        settings = configuring.plain_settings(NAME, "quick") | {"draws": self.draws}
        config = configuring.checked(catalogue.method(NAME).config, settings)
        study = study_settings(device=device)
        return Job(NAME, config, study, self.root / place / NAME)

    def perform(
        self,
        place: str,
        engine: Engine,
        watch: Callable[[Progress], None] = lambda _: None,
        device: Literal["cpu", "cuda"] = "cpu",
    ) -> Finished:
        """Run it."""
        (done,) = runner.perform([self.job(place, device)], self.data, engine, Costs({}), watch)
        return done

    def numbers(self, place: str) -> dict[str, str]:
        """Return the files of a run, but for those that say when and where it was made."""
        folder = self.root / place / NAME
        named = sorted([*folder.glob("*.csv"), folder / "values.json", folder / "claims.json"])
        return {path.name: path.read_text(encoding="utf-8") for path in named}

    def kept(self, place: str) -> int:
        """Count the draws that are kept."""
        return len([*(self.root / place / ".draws").rglob("[0-9]*.json")])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, embedded: mnist.Mnist) -> Iterator[Small]:
    """Give a small study that has been run on this machine, as ``here``; each draw goes alone."""
    root = tmp_path_factory.mktemp("small")
    made = Small(root, Data(embedded.name, embedded.checksum, 256.0, ""), 12)
    engine = Engine(lambda: ThreadPoolExecutor(1), 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "BUNDLE_SECONDS", 0.0)
        assert made.perform("here", engine).reason == ""
        yield made
