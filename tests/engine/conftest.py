"""A small study for the engines that are not of this machine, and what has to come of it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from study import catalogue, configuring, queue, runner
from study.configuring import DataSettings, LocalSettings, StudySettings
from study.engine.engines import Engine
from study.engine.tasks import Data
from study.lab import mnist
from study.queue import Costs, Finished, Job, Progress

NAME = "relu_second_moment"


@dataclass(frozen=True)
class Small:
    """Some draws of a real experiment, in a folder of their own."""

    root: Path
    data: Data
    draws: int

    def job(self, place: str) -> Job:
        settings = configuring.plain_settings(NAME, "quick") | {"draws": self.draws}
        config = configuring.checked(catalogue.method(NAME).config, settings)
        study = StudySettings(
            scale="quick",
            device="cpu",
            output="outputs/latest",
            force=False,
            data=DataSettings("mnist_5k", 256.0),
            engine=LocalSettings("local", 1),
            first=(),
        )
        return Job(NAME, config, study, self.root / place / NAME)

    def perform(
        self, place: str, engine: Engine, watch: Callable[[Progress], None] = lambda _: None
    ) -> Finished:
        """Run it."""
        (done,) = runner.perform([self.job(place)], self.data, engine, Costs({}), watch)
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
