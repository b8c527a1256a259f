"""Runs that are killed at random moments, in every phase: what is made stays, and nothing is half.

Each run is a copy of this process, which has imported everything already, and its workers are
copies of that; so a whole run takes a fraction of a second, and hundreds of them can be killed.
"""

import io
import json
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn

import psutil
import pytest

from study import catalogue, command_line, configuring, interrupts, steps
from study.engine import local
from study.lab import mnist
from study.record import provenance
from study.record.draws import draw_to_json
from study.record.results import (
    Result,
    Run,
    estimate_from_json,
    estimate_to_json,
    read_if_there,
)

NAME = "relu_second_moment"
DRAWS = 12
WORDS = (
    f"experiment={NAME}",
    f"experiment.draws={DRAWS}",
    "data=mnist_5k",
    "experiment.depth=2",
    "experiment.width=4",
    "experiment.images=3",
    "engine.workers=2",
)
KILLS, ALL_KILLS = 20, 200
"""How many runs are put down, in the fast tier and in the full one."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a run is a copy of this process")


@contextmanager
def copies(count: int) -> Iterator[Executor]:
    """Give a pool whose processes are copies, and end as those of the study do."""
    pool = ProcessPoolExecutor(
        count, get_context("fork"), initializer=local._begin, initargs=(os.getpid(),)
    )
    try:
        yield pool
    finally:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class Plug:
    """How a run is put down.

    Attributes:
        number: which signal is sent.
        worker: whether a worker gets it and not the run.
        moment: after so many seconds; None for when a file is put in place.
        renaming: the number of the file, in the process that puts it there; negative for just
            after that, else just before.
    """

    number: signal.Signals = signal.SIGKILL
    worker: bool = False
    moment: float | None = None
    renaming: int = 0


class Site:
    """A folder in which the same command is given again and again."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.group = root / "outputs" / "latest" / "variance"

    def draws(self) -> dict[int, str]:
        """Return the draws that are kept; that each is whole is seen by reading it."""
        paths = self.group.glob(f".draws/{NAME}/*/[!.]*.json")
        read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}
        return {int(k): json.dumps(one["content"]) for k, one in read.items() if k.isdigit()}

    def run(self) -> Run | None:
        """Return the run, wherever an interruption may have left it; None if there is none."""
        variants = self.group / f"{NAME}-variants"
        places = [*variants.glob("[!.]*"), *variants.glob(".*/old")]
        return next((run for place in places if (run := read_if_there(place))), None)

    def call(self, plug: Plug, salt: int = 0) -> tuple[int, str]:
        """Give the command in a copy of this process, put it down, and return how it ended."""
        told = self.root / "told"
        # Until the run listens to them, signals wait: no interpreter starts as fast as a copy.
        held = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
        child = os.fork()
        if child == 0:
            self.be_the_run(plug, salt, told)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        process = psutil.Process(child)
        if plug.moment is not None:
            pull(process, plug)
        code = process.wait()
        psutil.wait_procs([one for one in psutil.process_iter() if group_of(one) == child])
        return int(code), told.read_text(encoding="utf-8")

    def be_the_run(self, plug: Plug, salt: int, told: Path) -> NoReturn:
        """Do what ``python -m study`` does, with what it says in a file."""
        code = 70
        try:
            os.setpgrp()
            sys.stdout, sys.stderr = (
                io.TextIOWrapper(io.FileIO(path, "w"), write_through=True)
                for path in (os.devnull, told)
            )
            if plug.moment is None and plug.renaming:
                pull_at_renaming(plug, self.root)
            pooling = steps._pooling
            steps._pooling = lambda raw_run: f"{pooling(raw_run)}-{salt}"
            one_figure = replace(catalogue.load(NAME), figures=catalogue.load(NAME).figures[:1])
            catalogue.load = lambda _: one_figure  # type: ignore[assignment]
            local.processes = copies  # type: ignore[assignment]
            main = command_line.main

            def listening() -> int:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
                return main()

            command_line.main = listening
            sys.argv = ["study", *WORDS]
            code = interrupts.guarded("study.command_line")
        except BaseException:  # noqa: BLE001 - whatever it is, it must not reach the tests
            traceback.print_exc()
        finally:
            os._exit(code)


def group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def pull(process: psutil.Process, plug: Plug) -> None:
    """Send the signal when the moment has come, unless the run has ended by then."""
    with suppress(psutil.TimeoutExpired):
        process.wait(plug.moment)
        return
    with suppress(psutil.NoSuchProcess):
        workers = process.children()
        target = workers[0] if plug.worker and workers else process
        if not plug.worker or workers:
            target.send_signal(plug.number)


def pull_at_renaming(plug: Plug, root: Path) -> None:
    """Let one process, the run or a worker, be killed as it puts a file in place."""
    counted = 0

    def pull_once() -> None:
        with suppress(FileExistsError):
            (root / "pulled").touch(exist_ok=False)
            os.kill(os.getpid(), plug.number)

    (root / "pulled").unlink(missing_ok=True)

    def watched(original: Callable[[Path, Any], Any]) -> Callable[[Path, Any], Any]:
        def rename(self: Path, target: object) -> object:
            nonlocal counted
            counted += 1
            if counted == plug.renaming:
                pull_once()
            done = original(self, target)
            if counted == -plug.renaming:
                pull_once()
            return done

        return rename

    Path.replace = watched(Path.replace)  # type: ignore[method-assign,assignment]
    Path.rename = watched(Path.rename)  # type: ignore[method-assign,assignment]


@pytest.fixture
def site(project: Path, embedded: mnist.Mnist) -> Site:
    """Give an empty folder, and know already all that a run has to import or to work out."""
    provenance.code_digest(catalogue.module(NAME))
    steps.step_codes(NAME)
    assert embedded.name == "mnist_5k"
    return Site(project)


@dataclass(frozen=True)
class Finished:
    """What each draw and the run have to be."""

    draws: dict[int, str]
    result: Result


@pytest.fixture(scope="module")
def expected(embedded: mnist.Mnist) -> Finished:
    """Make the draws here, one after another."""
    (overrides,) = configuring.expanded(WORDS)
    method = catalogue.method(NAME)
    config = configuring.checked(method.config, configuring.composed(overrides).experiment)
    inputs = method.prepare(config, embedded)
    made = {draw: method.measure(config, inputs, draw) for draw in range(config.draws)}
    draws = {draw: json.dumps(draw_to_json(one)) for draw, one in made.items()}
    return Finished(draws, method.pool(config, made, {}, ()))


def plugs(duration: float) -> Iterator[Plug]:
    """Yield ways to put a run down, which takes so many seconds if it is left alone."""
    chance = random.Random(2026)  # noqa: S311 - no secret
    while True:
        moment = chance.uniform(0, 1.1 * duration)
        yield Plug(signal.SIGKILL, moment=moment)
        yield Plug(signal.SIGKILL, renaming=chance.choice([-1, 1]) * chance.randint(1, 2 * DRAWS))
        yield Plug(signal.SIGINT, moment=chance.uniform(0, 1.1 * duration))
        yield Plug(signal.SIGTERM, moment=chance.uniform(0, 1.1 * duration))
        yield Plug(signal.SIGKILL, worker=True, moment=chance.uniform(0, 1.1 * duration))


@pytest.mark.parametrize("kills", [KILLS, pytest.param(ALL_KILLS, marks=pytest.mark.full)])
def test_nothing_that_was_made_is_lost_whenever_a_run_is_killed(
    site: Site, expected: Finished, kills: int
) -> None:
    start = perf_counter()
    assert site.call(Plug()) == (0, "")
    duration = perf_counter() - start
    salt, killed, finished = 0, 0, 0
    for plug in plugs(duration):
        before, had_run = site.draws(), site.run() is not None
        code, told = site.call(plug, salt)
        after, run = site.draws(), site.run()
        assert before.items() <= after.items() <= expected.draws.items(), plug
        assert run is not None or not had_run, plug
        if run is not None:
            assert run.values == {
                key: estimate_from_json(estimate_to_json(value))
                for key, value in expected.result.values.items()
            }
        if code == 0:
            finished += 1
            assert after.keys() == expected.draws.keys()
            assert run is not None
            assert run.judgements
            assert not [*run.folder.parent.rglob(".*")], plug
            salt += 1  # its numbers are put together again, in the place of the old
            if finished % 2:
                shutil.rmtree(site.group)
        elif code == -signal.SIGKILL:
            assert told == "", plug
        else:
            assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}[plug.number], (plug, told)
            assert told == "error: interrupted; what is made is kept, the same command goes on\n"
        killed += code != 0 or plug.worker
        if killed == kills:
            break
    assert finished > kills // 20
