"""The command line: ``python -m study``.

With settings it runs experiments: ``python -m study experiment=relu_second_moment``, or several
in one process: ``python -m study -m 'experiment=glob(*)'``. Its other words are ``list``,
``compare``, ``promote``, ``draw`` and ``origins``, each followed by names of experiments; none
means all.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from study import catalogue
from study.errors import StudyError
from study.record import comparison
from study.record.estimates import formatted
from study.record.results import Run, read_if_there, read_run, write_json

if TYPE_CHECKING:
    from omegaconf import DictConfig

ROOT = Path(__file__).parents[1]
REFERENCE, LATEST = ROOT / "outputs" / "reference", ROOT / "outputs" / "latest"

# On a pipe there is no width to ask for; the widest table fits in this one.
console = Console(width=None if sys.stdout.isatty() else 132, highlight=False, markup=False)


def main() -> int:
    """Do what the command line says and return the exit code."""
    words = {
        "list": show_list,
        "compare": show_comparisons,
        "promote": promote,
        "draw": draw,
        "origins": derive_origins,
    }
    first, *rest = sys.argv[1:] or [""]
    try:
        if first in words:
            return words[first](rest)
        return run_experiments()
    except StudyError as error:
        return fail(str(error), code=1)
    except KeyboardInterrupt:
        return fail(
            "interrupted; finished experiments are kept, the same command goes on", code=130
        )


def fail(message: str, code: int) -> int:
    """Say on the error stream, in one line, what went wrong; return the exit code."""
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code


def run_experiments() -> int:
    """Let Hydra compose the settings and run each job they describe."""
    import hydra  # noqa: PLC0415 - the words above need neither Hydra nor torch
    from hydra.core.hydra_config import HydraConfig  # noqa: PLC0415

    from study import configuring  # noqa: PLC0415

    started: list[str] = []
    codes: list[int] = []
    seconds: dict[str, float] = {}
    planned: dict[str, float] = {}

    def job(composed: "DictConfig") -> None:
        hydra_config = HydraConfig.get()
        planned.update(planned or usual_seconds(configuring.swept_experiments(sys.argv[1:])))
        if planned:
            console.print(how_far(planned, len(started), seconds))
        started.append(str(hydra_config.runtime.choices.get("experiment")))
        try:
            run_one(started[-1], composed, list(hydra_config.overrides.task), seconds)
            codes.append(0)
        except StudyError as error:  # one bad job does not stop the others of a sweep
            codes.append(fail(str(error), code=1))
        except configuring.HYDRA_ERRORS as error:
            codes.append(fail(configuring.one_line(error), code=1))
        except MemoryError:
            codes.append(fail(f"{started[-1]}: not enough memory for these settings", code=1))

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors reach us whole, and leave us as one line
    try:
        hydra.main(version_base=None, config_path=str(configuring.CONF), config_name="config")(
            job
        )()
    except configuring.HYDRA_ERRORS as error:
        raise StudyError(configuring.one_line(error)) from None
    except (ValueError, OSError) as error:  # Hydra's own: a number for a group, no folder for it
        if started:
            raise
        raise StudyError(f"{' '.join(sys.argv[1:])}: {error}") from None
    if not started and {"-m", "--multirun"} & set(sys.argv):
        raise StudyError(f"experiment: nothing matches; choose from {', '.join(catalogue.names())}")
    return max(codes, default=0)


def usual_seconds(names: list[str]) -> dict[str, float]:
    """Return how long the reference run of each experiment took; without one, their average."""
    known = {name: read_if_there(REFERENCE / name) for name in names}
    # Of the shortest run 0.0 seconds are stored.
    usual = {name: max(0.1, run.provenance["wall_seconds"]) for name, run in known.items() if run}
    typical = fmean(usual.values()) if usual else 1.0
    return {name: usual.get(name, typical) for name in names}


def how_far(planned: dict[str, float], done: int, seconds: dict[str, float]) -> str:
    """Say which experiment of a sweep comes next and, once any has run, how long the rest takes.

    Args:
        planned: all experiments of the sweep, in order, and how long each usually takes; only
            their shares in the whole matter.
        done: how many of them are behind us.
        seconds: how long those took that did run.
    """
    told = f"experiment {done + 1} of {len(planned)}"
    if not seconds:
        return told
    pace = sum(seconds.values()) / sum(planned[name] for name in seconds)
    left = pace * sum(list(planned.values())[done:])
    return f"{told}, about {timedelta(seconds=round(left))} left for all"


def run_one(
    name: str, composed: "DictConfig", overrides: list[str], seconds: dict[str, float]
) -> None:
    """Check the settings of one experiment, run it and show its verdicts.

    Args:
        name: of the experiment.
        composed: what Hydra composed.
        overrides: the command line's overrides of this job.
        seconds: where to note how long it took, unless it was done already.
    """
    from study import configuring, runner  # noqa: PLC0415 - after the settings have parsed

    kind = catalogue.load(name).config
    study = configuring.study_settings(composed)
    config = configuring.checked(kind, configuring.experiment_settings(composed, overrides))
    plain = configuring.checked(kind, configuring.plain_settings(name, study.scale))
    folder = runner.folder_for(name, config, plain, study, ROOT)
    brief = configuring.brief(name, config) if study.scale == "reference" else None

    def progress(draws: Sequence[int], name: str) -> Iterator[int]:
        start = time.perf_counter()
        yield from with_progress(draws, name)
        seconds[name] = time.perf_counter() - start

    run = runner.perform(runner.Job(name, config, study, folder, brief), console.print, progress)
    show_comparison(name, run)
    console.print(f"{name}: numbers, tables and figures in {folder}\n", soft_wrap=True)


def with_progress(draws: Sequence[int], name: str) -> Iterator[int]:
    """Show a bar with the time left while the draws, and long trainings in them, are made."""
    from study.lab.parallel import reporting_to  # noqa: PLC0415 - needs torch

    with progress_bar("draws") as progress:
        bar = progress.add_task(name, total=len(draws))
        for done, draw in enumerate(draws):

            def part(share: float, done: int = done) -> None:
                progress.update(bar, completed=done + share)

            with reporting_to(part):
                yield draw
            progress.update(bar, completed=done + 1)


def progress_bar(unit: str, *, disable: bool = False) -> Progress:
    """Return a bar that counts in a unit and shows the time left."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit},"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    return Progress(*columns, console=console, disable=disable)


def show_list(names: list[str]) -> int:
    """Print the names of the experiments."""
    for name in _known(names):
        console.print(name)
    return 0


def show_comparisons(names: list[str]) -> int:
    """Print each latest run beside its reference; the exit code is 1 if any claim disagrees."""
    runs = {name: read_run(LATEST / name) for name in _known(names)}
    agreements = [row.agreement for name, run in runs.items() for row in show_comparison(name, run)]
    return int("no" in agreements)


def show_comparison(name: str, run: Run) -> list[comparison.Row]:
    """Print one run beside its reference, and return the rows."""
    reference = read_if_there(REFERENCE / name)
    rows = comparison.compare(run, reference)
    title = f"{name}: {run.settings['scale']} size, data {run.data}"
    table = Table(box=SIMPLE, pad_edge=False, title=title, title_justify="left")
    for heading in ("claim", "predicted", "yours", "verdict", "reference", "its verdict", "agrees"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(
            row.claim,
            f"{row.prediction:.5g}",
            formatted(row.value),
            str(row.verdict),
            formatted(row.reference),
            str(row.reference_verdict or "-"),
            row.agreement or "-",
        )
    console.print(table)
    if reference is None:
        console.print(f"{name}: no reference is committed; there is nothing to compare with")
    elif differences := comparison.differences(run, reference):
        console.print(
            f"{name}: not the reference's setting, so verdicts are compared and numbers are not: "
            f"{'; '.join(differences)}"
        )
    return rows


def promote(names: list[str]) -> int:
    """Make latest runs the reference, after showing what that changes."""
    if not names:
        raise StudyError(
            f"promote: name the experiments; choose from {', '.join(catalogue.names())}"
        )
    for name in _known(names):
        run = read_run(LATEST / name)
        show_comparison(name, run)
        comparison.promote(run, REFERENCE / name)
        console.print(f"{name}: promoted; commit outputs/reference/{name}")
    return 0


def draw(names: list[str]) -> int:
    """Judge and draw again, from stored numbers, what the reference and the latest runs hold."""
    from study import runner  # noqa: PLC0415 - needs torch

    for name in _known(names):
        for folder in (REFERENCE / name, LATEST / name):
            if read_if_there(folder):
                runner.conclude(catalogue.load(name), folder)
                console.print(f"{name}: judged and drawn again in {folder}", soft_wrap=True)
    return 0


def derive_origins(names: list[str]) -> int:
    """Derive from the history what came first, each claim or numbers of it."""
    from study import history  # noqa: PLC0415 - the other words need no history
    from study.record.origins import to_json  # noqa: PLC0415

    chosen = _known(names)
    for name, found in history.origins(ROOT, counting).items():
        if name not in chosen:
            continue
        stored = {claim: to_json(origin) for claim, origin in found.items()}
        write_json(REFERENCE / name / "origins.json", stored)
        exploratory = sum(origin.exploratory for origin in found.values())
        console.print(f"{name}: {exploratory} of {len(found)} claims are exploratory")
    return 0


def counting(total: int, done: Iterable[str]) -> Iterator[str]:
    """Show a bar with the time left while the commits of the history are surveyed."""
    with progress_bar("states of the code", disable=not total) as progress:
        bar = progress.add_task("history", total=total)
        for one in done:
            progress.advance(bar)
            yield one


def _known(names: list[str]) -> list[str]:
    """Return the names, all names if there are none, or refuse one that is not known."""
    choices = catalogue.names()
    for name in names:
        if name not in choices:
            raise StudyError(f"{name}: no such experiment; choose from {', '.join(choices)}")
    return names or choices


if __name__ == "__main__":  # pragma: no cover - the tests call main
    sys.exit(main())
