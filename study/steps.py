"""What follows the draws of a run: pool, judge, draw; each step reads files and writes files.

Each leaves its fingerprint beside the run, over its own code and what it read. A changed table is
pooled again, a changed band judged again and a changed plot drawn again, and nothing else.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from study import catalogue, configuring
from study.engine.tasks import CHOICE, EXACT
from study.record import provenance
from study.record.claims import Claim, Untested, Verdict, judge
from study.record.estimates import Estimate
from study.record.plotting import draw_figures
from study.record.results import (
    STEPS,
    Result,
    Run,
    estimate_to_json,
    read_run,
    recover,
    write_json,
    write_run,
)
from study.record.store import Store


@dataclass(frozen=True)
class Series:
    """Draws of one experiment with the same settings.

    Attributes:
        name: of the experiment.
        settings: its settings.
        draws: the indices of the draws.
        once: the names of what is made once beside them.
        fingerprint: over the code and all that decides a draw.
        folder: of the store that keeps them.
    """

    name: str
    settings: Mapping[str, Any]
    draws: tuple[int, ...]
    once: tuple[str, ...]
    fingerprint: str
    folder: Path

    @property
    def store(self) -> Store:
        """The store that keeps them."""
        return Store(self.folder)

    @property
    def all(self) -> tuple[int | str, ...]:
        """All that is to be made: what is made once first."""
        return (*self.once, *self.draws)


@dataclass(frozen=True)
class Measured:
    """A run whose draws are made.

    Attributes:
        folder: where the run is to lie.
        settings: the content of its ``config.json``.
        made: how it was made, but for what the draws themselves took.
        main: its draws.
        replay: its first draws with brief settings, which another machine can make again; None if
            the draws themselves are brief.
    """

    folder: Path
    settings: Mapping[str, Any]
    made: Mapping[str, Any]
    main: Series
    replay: Series | None

    @property
    def all(self) -> list[Series]:
        """All of its series."""
        return [self.main, *([self.replay] if self.replay else [])]


def pool(measured: Measured) -> None:
    """Turn draws into the numbers of a run, unless that is done.

    Args:
        measured: the run.
    """
    recover(measured.folder)
    if is_pooled(measured):
        return
    main = measured.main
    seconds, memory = main.store.cost(main.all)
    made = {
        **measured.made,
        "fingerprint": main.fingerprint,
        "processor_seconds": round(seconds, 1),
        "peak_memory_megabytes": round(memory / 1e6),
    }
    replay = None if measured.replay is None else result(measured.replay)
    steps = {"pooled": _pooling(measured)}
    write_run(measured.folder, measured.settings, result(main), made, replay, steps)


def is_pooled(measured: Measured) -> bool:
    """Tell whether the numbers of a run lie in its folder, made as they would be made now."""
    try:
        return bool(_steps(measured.folder)["pooled"] == _pooling(measured))
    except (OSError, ValueError, KeyError):
        return False


def result(series: Series) -> Result:
    """Return the numbers of draws that are made."""
    method, store = catalogue.method(series.name), series.store
    config = configuring.checked(method.config, series.settings)
    choice = (store.content(CHOICE),) if CHOICE in series.once else ()
    exact = store.content(EXACT) if EXACT in series.once else {}
    return method.pool(config, store.draws(series.draws), exact, choice)


def conclude(name: str, folder: Path, *, force: bool = False) -> Run:
    """Judge a finished run and draw its figures, from its files alone, unless that is done.

    Args:
        name: of the experiment.
        folder: where the run lies.
        force: judge and draw again in any case.

    Returns:
        The run.
    """
    run = read_run(folder)
    steps = _steps(folder)
    judging, drawing = _judging(name, run), _drawing(name, run)
    if force or steps.get("judged") != judging or not (folder / "claims.json").is_file():
        experiment = catalogue.load(name)
        judged = judgements(experiment.claims, run.values, run.data, experiment.untested)
        write_json(folder / "claims.json", judged)
        steps["judged"] = judging
    if force or steps.get("drawn") != drawing:
        draw_figures(catalogue.load(name).figures, run)
        steps["drawn"] = drawing
    if (folder / STEPS).is_file() and steps != _steps(folder):  # a reference has none
        write_json(folder / STEPS, steps)
    return run


def judgements(
    claims: Iterable[Claim],
    values: Mapping[str, Estimate],
    data: str,
    untested: Iterable[Untested] = (),
) -> list[dict[str, Any]]:
    """Return the claims with their estimates and verdicts, as JSON holds them.

    Args:
        claims: the claims of one experiment.
        values: the estimates of one run of it.
        data: the name of that run's data set.
        untested: its statements that no measurement decides; they have no quantity.
    """
    rows = []
    for claim in claims:
        value = values.get(claim.quantity)
        rows.append(
            asdict(claim)
            | {
                "value": None if value is None else estimate_to_json(value),
                "verdict": judge(claim, values, data),
            }
        )
    nothing = {"quantity": None, "value": None, "verdict": Verdict.NOT_TESTED}
    return rows + [asdict(statement) | nothing for statement in untested]


def is_concluded(name: str, folder: Path) -> bool:
    """Tell whether a run is judged and drawn as it would be now."""
    run, done = read_run(folder), _steps(folder)
    there = (folder / "claims.json").is_file()
    judged = there and done.get("judged") == _judging(name, run)
    return judged and done.get("drawn") == _drawing(name, run)


def finish(measured: Measured) -> float:
    """Pool, judge and draw; return the processor time that it took, in seconds."""
    start = time.process_time()
    pool(measured)
    conclude(measured.main.name, measured.folder)
    return time.process_time() - start


def forget(measured: Measured) -> None:
    """Drop the draws of a run, and that it was pooled; its numbers stay until there are others."""
    for series in measured.all:
        series.store.discard()
    (measured.folder / STEPS).unlink(missing_ok=True)


def draws_folder(folder: Path, name: str) -> Path:
    """Return where the draws of an experiment lie whose runs lie in a folder, or in variants."""
    group = folder.parent if folder.name == name else folder.parent.parent
    return group / ".draws" / name


def _steps(folder: Path) -> dict[str, str]:
    path = folder / STEPS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


@cache
def _code(module: str, names: tuple[str, ...]) -> str:
    """Name the code that some names of a module reach, as this process has it."""
    return provenance.code_digest(module, names)


def _pooling(measured: Measured) -> str:
    """Name what the numbers of a run are made with, and of."""
    return provenance.digest(
        {
            "series": [[one.fingerprint, one.draws] for one in measured.all],
            "settings": measured.settings,
            "tables": _code(catalogue.module(measured.main.name), ("tables",)),
            "pooling": _code("study.record.draws", ("pooled",)),
            "writing": _code("study.record.results", ("write_run",)),
        }
    )


def _judging(name: str, run: Run) -> str:
    return provenance.digest(
        {
            "claims": _code(catalogue.module(name, "claims"), ("CLAIMS", "UNTESTED")),
            "rule": _code("study.record.claims", ("judge",)),
            "numbers": (run.folder / "values.json").read_text(encoding="utf-8"),
            "data": run.data,
        }
    )


def _drawing(name: str, run: Run) -> str:
    files = [run.folder / "config.json", run.folder / "values.json", *run.folder.glob("*.csv")]
    return provenance.digest(
        {
            "figures": _code(catalogue.module(name, "figures"), ("FIGURES",)),
            "look": _code("study.record.plotting", ("draw_figures",)),
            "numbers": [path.read_text(encoding="utf-8") for path in sorted(files)],
            "matplotlib": provenance.version("matplotlib"),
        }
    )
