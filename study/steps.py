"""What follows the draws of a run: pool, judge, draw; each step reads files and writes files.

Each leaves its fingerprint beside the run, over its own code and what it read. A changed table is
pooled again, a changed band judged again and a changed plot drawn again, and nothing else.
"""

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from study import catalogue, configuring
from study.engine.tasks import CHOICE, EXACT, check_code
from study.errors import StudyError
from study.record import provenance
from study.record.claims import Claim, Untested, Verdict, band_to_json, distance, judge
from study.record.estimates import Estimate
from study.record.plotting import draw_figures
from study.record.results import (
    STEPS,
    Result,
    Run,
    estimate_to_json,
    read_if_there,
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
        code: what identifies the code of the method.
        fingerprint: over that and all else that decides a draw.
        folder: of the store that keeps them.
    """

    name: str
    settings: Mapping[str, Any]
    draws: tuple[int, ...]
    once: tuple[str, ...]
    code: str
    fingerprint: str
    folder: Path

    @property
    def store(self) -> Store:
        """The store that keeps them."""
        return Store(self.folder)

    @property
    def all(self) -> tuple[int | str, ...]:
        """All that is to be made, what is made once first."""
        return (*self.once, *self.draws)


@dataclass(frozen=True)
class RawRun:
    """A run whose draws are made.

    Attributes:
        folder: where the run is to lie.
        settings: the content of its ``config.json``.
        provenance: how it was made, but for what the draws themselves took.
        main: its draws.
        replay: its first draws with brief settings, which another machine can make again; None if
            the draws themselves are brief.
        codes: what identifies the code of each step.
    """

    folder: Path
    settings: Mapping[str, Any]
    provenance: Mapping[str, Any]
    main: Series
    replay: Series | None
    codes: Mapping[str, str]

    @property
    def all(self) -> list[Series]:
        """All of its series."""
        return [self.main, *([self.replay] if self.replay else [])]


def pool(raw_run: RawRun) -> None:
    """Turn draws into the numbers of a run, unless that is done.

    Args:
        raw_run: the run.
    """
    recover(raw_run.folder)
    if is_pooled(raw_run):
        return
    main = raw_run.main
    run_provenance = {
        **raw_run.provenance,
        "fingerprint": main.fingerprint,
        **main.store.made(main.all),
    }
    replay = None if raw_run.replay is None else result(raw_run.replay)
    steps = {"pooled": _pooling(raw_run)}
    write_run(raw_run.folder, raw_run.settings, result(main), run_provenance, replay, steps)


def is_pooled(raw_run: RawRun) -> bool:
    """Tell whether the numbers of a run lie in its folder, made as they would be made now."""
    try:
        is_current = _steps(raw_run.folder).get("pooled") == _pooling(raw_run)
        return is_current and read_if_there(raw_run.folder) is not None
    except (OSError, ValueError, KeyError):
        return False  # cut off, where a machine lost its power


def result(series: Series) -> Result:
    """Return the numbers of draws that are made."""
    method, store = catalogue.method(series.name), series.store
    config = configuring.checked(method.config, series.settings)
    choice = (store.content(CHOICE),) if CHOICE in series.once else ()
    exact = store.content(EXACT) if EXACT in series.once else {}
    return method.pool(config, store.draws(series.draws), exact, choice)


def conclude(
    name: str, folder: Path, codes: Mapping[str, str] | None = None, *, force: bool = False
) -> Run:
    """Judge a finished run and draw its figures, from its files alone, unless that is done.

    Args:
        name: of the experiment.
        folder: where the run lies.
        codes: what identifies the code of each step; by default that of today.
        force: judge and draw again in any case.

    Returns:
        The run.
    """
    run = read_run(folder)
    codes = step_codes(name) if codes is None else codes
    if force or not _is_judged(run, codes):
        with _step(folder, "judged", _judging(run, codes)):
            experiment = catalogue.load(name)
            rows = judgements(experiment.claims, run.values, run.data, experiment.untested)
            write_json(folder / "claims.json", rows)
    if force or not _is_drawn(run, codes):
        with _step(folder, "drawn", _drawing(run, codes)):
            draw_figures(catalogue.load(name).figures, run)
    return run


@contextmanager
def _step(folder: Path, name: str, fingerprint: str) -> Iterator[None]:
    """Note that a step is done, once it is; while it is being done, it is not.

    A run without such notes, as a reference is, gets none.
    """
    has_notes = (folder / STEPS).is_file()
    if has_notes:
        other_marks = {step: mark for step, mark in _steps(folder).items() if step != name}
        write_json(folder / STEPS, other_marks)
    yield
    if has_notes:
        write_json(folder / STEPS, other_marks | {name: fingerprint})


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
            _told(claim)
            | {
                "band": band_to_json(claim.band),
                "corrected": None if claim.corrected is None else claim.corrected.id,
                "value": None if value is None else estimate_to_json(value),
                "verdict": judge(claim, values, data),
                "distance": distance(claim, value),
            }
        )
    nothing = {"quantity": None, "value": None, "verdict": Verdict.NOT_TESTED}
    return rows + [_told(statement) | nothing for statement in untested]


def _told(statement: Claim | Untested) -> dict[str, Any]:
    """Return what a statement says of itself, as JSON holds it."""
    fields = asdict(statement)
    if statement.withdrawn is not None:
        fields["withdrawn"]["band"] = band_to_json(statement.withdrawn.band)
    return fields


def is_concluded(folder: Path, codes: Mapping[str, str]) -> bool:
    """Tell whether a run is judged and drawn as it would be now."""
    run = read_run(folder)
    return _is_judged(run, codes) and _is_drawn(run, codes)


def finish(raw_run: RawRun) -> float:
    """Pool, judge and draw; return the processor time that it took, in seconds.

    Raises:
        StudyError: if the code of a step is not that with which the study began.
    """
    start = time.process_time()
    name, codes = raw_run.main.name, provenance.digest(raw_run.codes)
    check_code(name, codes, provenance.digest(step_codes(name)))
    pool(raw_run)
    conclude(name, raw_run.folder, raw_run.codes)
    try:
        check_code(name, codes, provenance.digest(step_codes(name)))
    except StudyError:  # it was changed meanwhile: nobody knows with which it was done
        (raw_run.folder / STEPS).unlink(missing_ok=True)
        raise
    return time.process_time() - start


def step_codes(name: str) -> dict[str, str]:
    """Return what identifies the code of each step of an experiment, as the files hold it."""
    return {**shared_codes(), **own_codes(name)}


def own_codes(name: str) -> dict[str, str]:
    """Return what identifies the code of the steps that an experiment has for itself."""
    return {
        "tables": provenance.code_digest(catalogue.module(name), ("tables",)),
        "claims": provenance.code_digest(catalogue.module(name, "claims"), ("CLAIMS", "UNTESTED")),
        "figures": provenance.code_digest(catalogue.module(name, "figures"), ("FIGURES",)),
    }


def shared_codes() -> dict[str, str]:
    """Return what identifies the code of the steps that is the same for all experiments."""
    return {
        "pooling": provenance.code_digest("study.record.draws", ("pooled",)),
        "writing": provenance.code_digest("study.record.results", ("write_run",)),
        "rule": provenance.code_digest("study.record.claims", ("judge",)),
        "look": provenance.code_digest("study.record.plotting", ("draw_figures",)),
    }


def forget(raw_run: RawRun) -> None:
    """Drop the draws of a run, and that it was pooled; its numbers stay until there are others."""
    for series in raw_run.all:
        series.store.discard()
    (raw_run.folder / STEPS).unlink(missing_ok=True)


def drop_stale(raw_run: RawRun) -> None:
    """Remove the draws of an experiment that other code than today's has made."""
    folder, today = raw_run.main.folder.parent, raw_run.main.code[:8]
    for store in folder.glob("*"):
        if not store.name.startswith(today):
            shutil.rmtree(store, ignore_errors=True)


def draws_folder(folder: Path, name: str) -> Path:
    """Return where the draws of an experiment lie whose runs lie in a folder, or in variants."""
    group = folder.parent if folder.name == name else folder.parent.parent
    return group / ".draws" / name


def _steps(folder: Path) -> dict[str, str]:
    path = folder / STEPS
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _is_judged(run: Run, codes: Mapping[str, str]) -> bool:
    is_current = _steps(run.folder).get("judged") == _judging(run, codes)
    return is_current and (run.folder / "claims.json").is_file()


def _is_drawn(run: Run, codes: Mapping[str, str]) -> bool:
    is_current = _steps(run.folder).get("drawn") == _drawing(run, codes)
    return is_current and (run.folder / "figures").is_dir()


def _pooling(raw_run: RawRun) -> str:
    """Name what the numbers of a run are made with, and of."""
    return provenance.digest(
        {
            "series": [[series.fingerprint, series.draws] for series in raw_run.all],
            "scale": raw_run.settings["scale"],
            "code": [raw_run.codes[step] for step in ("tables", "pooling", "writing")],
        }
    )


def _judging(run: Run, codes: Mapping[str, str]) -> str:
    return provenance.digest(
        {
            "code": [codes[step] for step in ("claims", "rule")],
            "numbers": (run.folder / "values.json").read_text(encoding="utf-8"),
            "data": run.data,
        }
    )


def _drawing(run: Run, codes: Mapping[str, str]) -> str:
    files = [run.folder / "config.json", run.folder / "values.json", *run.folder.glob("*.csv")]
    return provenance.digest(
        {
            "code": [codes[step] for step in ("figures", "look")],
            "numbers": [path.read_text(encoding="utf-8") for path in sorted(files)],
            "matplotlib": provenance.version("matplotlib"),
        }
    )
