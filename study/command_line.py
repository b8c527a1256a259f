"""The command line: ``python -m study``.

With settings it runs experiments: ``python -m study experiment=relu_second_moment``, or several
with one queue of draws: ``python -m study -m 'experiment=glob(*)'``. Its other words are ``list``,
``claims``, ``compare``, ``report``, ``promote``, ``draw``, ``controls``, ``costs``, ``origins`` and
``archive``, each followed by names of experiments, of which none means all, ``pool``, followed by
files, ``new``, followed by the group and name of an experiment that is to be, ``gains``, followed
by names of activations or addresses of the reader's own, ``rehearse``, followed by the settings of
a run that is too long to be tried, and ``try``, followed by the address of a network of the
reader's own.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
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
from study.interrupts import say
from study.record import comparison
from study.record.estimates import formatted
from study.record.lock import locked, unusable
from study.record.results import Run, read_if_there, read_json, read_run, write_json

if TYPE_CHECKING:
    from study import controls, queue
    from study.configuring import Composed, StudySettings
    from study.engine.tasks import Data

ROOT = Path(__file__).parents[1]
REFERENCE, LATEST = ROOT / "outputs" / "reference", ROOT / "outputs" / "latest"
COSTS = "costs.json"
"""What work took, in seconds of one processor, by scale, experiment and kind of work."""

# On a pipe there is no width to ask for; the widest table fits in this one.
console = Console(
    width=None if sys.stdout.isatty() else 132, highlight=False, markup=False, emoji=False
)


def main() -> int:
    """Do what the command line says and return the exit code."""
    words = {
        "list": show_list,
        "claims": show_claims,
        "report": write_report,
        "compare": show_comparisons,
        "promote": alone(promote),
        "draw": alone(draw),
        "controls": alone(renew_controls),
        "costs": alone(keep_costs),
        "rehearse": alone(rehearse),
        "origins": derive_origins,
        "archive": alone(keep_draws),
        "pool": alone(pool_draws),
        "new": begin_experiment,
        "try": try_network,
        "gains": show_gains,
    }
    first, *arguments = sys.argv[1:] or [""]
    try:
        return words[first](arguments) if first in words else run_experiments(sys.argv[1:])
    except StudyError as error:
        return say(str(error), code=1)
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
        return 1
    except OSError as error:
        if not unusable(error):
            raise
        return say(f"{error.filename}: {error.strerror}", code=1)


def alone(word: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Let what writes into the folder of latest runs be there alone."""

    def call(names: list[str]) -> int:
        with locked(LATEST, "outputs/latest"):
            return word(names)

    return call


def run_experiments(words: list[str]) -> int:
    """Run what the settings describe, on all cores, and show each verdict as it is reached.

    Args:
        words: the command line.
    """
    from study import configuring  # noqa: PLC0415 - the words above need neither Hydra nor torch

    codes = [0]
    jobs: list[queue.Job] = []
    for overrides in configuring.expanded(words):
        try:
            jobs.append(job_for(configuring.composed(overrides)))
        except StudyError as error:  # one bad job does not stop the others of a sweep
            codes.append(say(str(error), code=1))
    # What is not the experiment's is the same in all jobs of a sweep but for swept data or output.
    groups: dict[StudySettings, list[queue.Job]] = {}
    for job in {job.folder: job for job in jobs}.values():
        groups.setdefault(job.study, []).append(job)
    for study, its_jobs in groups.items():
        codes.append(perform(study, its_jobs))
    return max(codes)


def job_for(settings: "Composed") -> "queue.Job":
    """Check the settings of one experiment, and say where its run is to lie."""
    from study import configuring, queue, runner  # noqa: PLC0415 - after the settings have parsed

    name, study = settings.name, settings.study
    kind = catalogue.method(name).config
    config = configuring.checked(kind, settings.experiment)
    plain_config = configuring.checked(kind, configuring.plain_settings(name, study.scale))
    folder = runner.folder_for(name, config, plain_config, study, ROOT)
    return queue.Job.of(name, config, study, folder)


def perform(study: "StudySettings", jobs: "list[queue.Job]") -> int:
    """Run jobs that share all but their experiments, and return the exit code.

    Args:
        study: what they share.
        jobs: the jobs.
    """
    from study import runner  # noqa: PLC0415 - needs torch
    from study.engine.engines import engine  # noqa: PLC0415
    from study.queue import Costs  # noqa: PLC0415

    output = ROOT / study.output
    its_engine = engine(study, output / ".cluster")
    usual = usual_costs(study.scale, output)
    jobs_in_order = in_order(jobs, study.first, usual)
    code = 0
    with locked(output, f"output={study.output}"), shown_progress() as (watch, so_far):
        data = shared_data(study, output)
        costs = Costs(usual)
        try:
            for outcome in runner.perform(jobs_in_order, data, its_engine, costs, watch):
                code |= show(outcome)
                if line := so_far():
                    console.print(f"{line}\n")
        finally:
            note_costs(output / f".{COSTS}", study.scale, costs)
    return code


def shared_data(study: "StudySettings", output: Path) -> "Data":
    """Find the data, say which it is, and lay it where all processes share it."""
    from study.engine.tasks import Data, laid_out  # noqa: PLC0415 - needs torch
    from study.lab import data_sets  # noqa: PLC0415

    data_set = data_sets.find(study.data.name)
    console.print(f"data {data_set.name}, {data_set.where}", soft_wrap=True)
    if study.engine.name != "local":  # there it is found, and compared with this
        return Data(data_set.name, data_set.checksum, study.data.pixel_scale, folder="")
    return laid_out(data_set, study.data.pixel_scale, output / ".data")


def in_order(
    jobs: "list[queue.Job]", first: Iterable[str], costs: "Mapping[str, Mapping[str, float]]"
) -> "list[queue.Job]":
    """Put the main questions first, then what takes longest, so that no long draw comes last."""
    order = {name: at for at, name in enumerate(first)}

    def place(job: "queue.Job") -> tuple[int, float]:
        usual = costs.get(job.name, {})
        return order.get(job.name, len(order)), -max(usual.values(), default=0.0)

    return sorted(jobs, key=place)


def show(outcome: "queue.Finished") -> int:
    """Show the verdicts of a job that has come to its end, or say why it has none."""
    name = outcome.job.name
    if outcome.run is None:
        return say(outcome.reason, code=1)
    if outcome.again:
        console.print(f"{name}: already finished with these settings (force=true makes it anew)")
    show_comparison(name, outcome.run)
    show_own_arms(name, outcome.run)
    console.print(f"{name}: numbers, tables and figures in {outcome.run.folder}", soft_wrap=True)
    return 0


def show_own_arms(name: str, run: Run) -> None:
    """Print and draw the numbers of arms that the reader added, beside those of the study's."""
    from study import configuring  # noqa: PLC0415 - after a run all is imported
    from study.record import arms, plotting  # noqa: PLC0415

    plain = configuring.plain_settings(name, run.settings["scale"])
    additions = arms.own_arms(run.settings["experiment"], plain)
    names = [name for addition in additions for name in addition.names]
    rows = list(arms.quantities(run.values, additions))
    if not rows:
        if names:
            console.print(f"{name}: no value is of {', '.join(names)}; see its tables and figures")
        return
    table = Table("quantity", *names, "the study's arms", box=SIMPLE, pad_edge=False)
    for row in rows:
        numbers = [formatted(row.own.get(arm)) for arm in names]
        table.add_row(row.name, *numbers, arms.extent(row.others.values()))
    console.print(table)
    path = run.folder / "figures" / "own_arms.svg"
    with plotting.drawn(lambda _: arms.own_beside_others(rows), run) as figure:
        figure.savefig(path, facecolor="white", metadata={"Date": None})
    console.print(f"{name}: {', '.join(names)} beside the study's arms in {path}", soft_wrap=True)


@contextmanager
def shown_progress() -> "Iterator[tuple[queue.Watch, Callable[[], str]]]":
    """Show a bar of the work that is done, and the time left for all of it.

    Yields:
        What is to be told how far the work is; and what says in a line, for whoever sees no bar,
        how far it was when a job came to its end, or nothing if there is one job.
    """
    last: list[queue.Progress] = []
    with bar_of_time_left() as bar:
        task = bar.add_task("starting", total=None, left="")

        def watch(progress: "queue.Progress") -> None:
            last[:] = [progress]
            whole = None if progress.share is None else 1.0
            text = f"{experiments(progress)}, {progress.draws} draws made, {workers(progress)}"
            bar.update(
                task,
                description=text,
                total=whole,
                completed=progress.share,
                left=time_left(progress),
            )

        def so_far() -> str:
            if not last or last[0].jobs == 1 or last[0].finished_jobs == last[0].jobs:
                return ""
            parts = (experiments(last[0]), workers(last[0]), time_left(last[0]))
            return ", ".join(part for part in parts if part)

        yield watch, so_far


def experiments(progress: "queue.Progress") -> str:
    """Say how many experiments are finished."""
    return f"{progress.finished_jobs} of {progress.jobs} experiments"


def workers(progress: "queue.Progress") -> str:
    """Say how many processes make draws."""
    return f"{progress.workers or 'no'} worker{'s' * (progress.workers != 1)}"


def time_left(progress: "queue.Progress") -> str:
    """Say how long the rest takes, if that can be told."""
    return "" if progress.seconds_left is None else f"about {told(progress.seconds_left)} left"


def told(seconds: float) -> str:
    """Say a time in words that are no more precise than it is.

    >>> told(7.2), told(100), told(5400)
    ('10 seconds', '2 minutes', '1 hour 30 minutes')
    """
    if seconds < 55:
        return f"{max(10, 10 * round(seconds / 10))} seconds"
    hours, minutes = divmod(max(1, round(seconds / 60)), 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    return " ".join(f"{n} {unit}{'s' * (n > 1)}" for n, unit in parts if n)


def usual_costs(scale: str, output: Path) -> "dict[str, dict[str, float]]":
    """Return what work of a size takes: on this machine, else where the reference was made."""
    costs = {} if scale != "reference" else reference_costs()
    for path in (REFERENCE / COSTS, output / f".{COSTS}"):
        for name, kinds in read_json(path, {}).get(scale, {}).items():
            costs.setdefault(name, {}).update(kinds)
    return costs


def reference_costs() -> dict[str, dict[str, float]]:
    """Return what a draw of each reference took."""
    costs = {}
    for name in catalogue.names():
        if run := read_if_there(REFERENCE / catalogue.place(name)):
            record = run.provenance
            seconds = record.get("processor_seconds", record.get("wall_seconds", 0.0))
            # Of the shortest run 0.0 seconds are stored.
            costs[name] = {"draw": max(0.1, seconds) / run.settings["experiment"]["draws"]}
    return costs


def note_costs(path: Path, scale: str, costs: "queue.Costs") -> None:
    """Note what work of a size took, so that the next time left is told from its first second."""
    notes = read_json(path, {})
    plain_names = set(catalogue.names())  # and no settings of the reader's own
    for name, kind in sorted(costs.measurements.keys()):
        if name not in plain_names:
            continue
        cost = costs.of(name, kind)
        notes.setdefault(scale, {}).setdefault(name, {})[kind] = float(f"{cost:.3g}")
    if notes:
        write_json(path, notes)


def rehearse(words: list[str]) -> int:
    """Say what a run would take that is too long to be tried, and note it for its bar.

    Args:
        words: the command line of that run.
    """
    from study import configuring, queue, rehearsal  # noqa: PLC0415 - need torch
    from study.lab import data_sets  # noqa: PLC0415

    for overrides in configuring.expanded(words):
        job = job_for(configuring.composed(overrides))
        files, data = data_sets.find(job.study.data.name), job.study.data
        images = data_sets.load(files, data.pixel_scale, configuring.device(job.study.device))
        costs = rehearsal.rehearse(catalogue.method(job.name), job.config, images)
        hours = ", ".join(f"{kind} {seconds / 3600:.3g} h" for kind, seconds in costs.items())
        console.print(f"{job.name}: {hours} of a processor", soft_wrap=True)
        notes = queue.Costs({})
        for kind, seconds in costs.items():
            notes.note(job.folder.name, kind, seconds)  # the experiment's, if nothing is changed
        note_costs(LATEST / f".{COSTS}", job.study.scale, notes)
    return 0


def keep_costs(_names: list[str]) -> int:
    """Let what work took here be what others are told that it takes."""
    notes = read_json(REFERENCE / COSTS, {})
    for scale, names in read_json(LATEST / f".{COSTS}", {}).items():
        for name, kinds in names.items():
            notes.setdefault(scale, {}).setdefault(name, {}).update(kinds)
    REFERENCE.mkdir(parents=True, exist_ok=True)
    write_json(REFERENCE / COSTS, notes)
    return 0


def bar_of_time_left() -> Progress:
    """Return a bar that is gone at the end, and beside which its task's field ``left`` stands."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}")
    return Progress(*columns, console=console, transient=True)


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
    """Print the names of the experiments under what their groups ask."""
    selection = _known(names)
    for group, its_names in catalogue.groups().items():
        if members := [name for name in its_names if name in selection]:
            console.print(f"{group}: {catalogue.question(group)}", soft_wrap=True)
            for name in members:
                console.print(f"  {name}")
    return 0


def show_gains(words: list[str]) -> int:
    """Print what activations ask for, by what is to be kept; this may run the reader's code.

    Args:
        words: names of activations and gates, of which none means all, and addresses of
            activations of the reader's own.
    """
    from study.theory import gain_rows  # noqa: PLC0415 - SciPy takes a moment
    from study.theory.named import NAMES, knows, named  # noqa: PLC0415

    table = Table("activation", box=SIMPLE, pad_edge=False)
    for heading in gain_rows.HEADINGS:
        table.add_column(heading[0].lower() + heading[1:])
    notes: list[str] = []
    for word in words or NAMES:
        if ":" in word and not knows(word):
            from study.trying import activating  # noqa: PLC0415 - needs torch

            activation = activating.loaded(word)
            checked = activation.row()
            row, advice = checked.row, partial(gain_rows.advice, word, activation.as_function())
            notes.append(f"{word}: {checked.note()}")
        else:
            row, advice = gain_rows.row(named(word)), partial(gain_rows.advice, word, named(word))
        table.add_row(word if knows(word) else word.rpartition(":")[2], *gain_rows.cells(row))
        if words and row.size == "unstable":
            notes += advice()
    console.print(table)
    for note in notes:
        console.print(note, soft_wrap=True)
    return 0


def show_comparisons(names: list[str]) -> int:
    """Print each latest run beside its reference; the exit code is 1 if any claim disagrees."""
    runs = {name: read_run(LATEST / catalogue.place(name)) for name in _known(names)}
    agreements = [row.agreement for name, run in runs.items() for row in show_comparison(name, run)]
    return int("no" in agreements)


def show_comparison(name: str, run: Run) -> list[comparison.Comparison]:
    """Print one run beside its reference, and return the rows."""
    reference = read_if_there(REFERENCE / catalogue.place(name))
    rows = comparison.compare(run, reference)
    title = f"{name}: {run.settings['scale']} size, data {run.data}"
    table = Table(box=SIMPLE, pad_edge=False, title=title, title_justify="left")
    for heading in ("claim", "predicted", "yours", "verdict", "reference", "its verdict", "agrees"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(
            row.claim,
            row.predicted,
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
        run = read_run(LATEST / catalogue.place(name))
        show_comparison(name, run)
        comparison.promote(run, REFERENCE / catalogue.place(name))
        console.print(f"{name}: promoted; commit outputs/reference/{catalogue.place(name)}")
    return 0


def draw(names: list[str]) -> int:
    """Judge and draw again, from stored numbers, what the reference and the latest runs hold."""
    from study import steps  # noqa: PLC0415 - needs torch

    for name in _known(names):
        for folder in (REFERENCE / catalogue.place(name), LATEST / catalogue.place(name)):
            if read_if_there(folder):
                steps.conclude(name, folder, force=True)
                console.print(f"{name}: judged and drawn again in {folder}", soft_wrap=True)
    return 0


def renew_controls(names: list[str]) -> int:
    """Make the negative controls anew that their code or settings made stale, on all cores."""
    from study import controls  # noqa: PLC0415 - needs torch
    from study.engine import local  # noqa: PLC0415

    selection = _known(names)
    evidence = {name: controls.recorded(REFERENCE / catalogue.place(name)) for name in selection}
    stale = {
        trial: trial.usual_seconds(evidence[name])
        for name in selection
        for trial in controls.trials(name)
        if not trial.fresh(evidence[name])
    }
    code = 0
    with local.processes(local.cores()) as pool, shown_trials(stale) as watch:
        longest_first = sorted(stale, key=lambda trial: -stale[trial])
        futures = {pool.submit(trial.make): trial for trial in longest_first}
        for future in as_completed(futures):
            trial = futures[future]
            try:
                evidence[trial.name] += future.result()
            except BrokenExecutor:
                raise StudyError(
                    "a process died (is there enough memory?); what is made is kept, the same "
                    "command goes on"
                ) from None
            except Exception as error:  # noqa: BLE001 - the other trials are made nevertheless
                code = say(f"{trial}: {error or type(error).__name__}", code=1)
            folder = REFERENCE / catalogue.place(trial.name)
            controls.keep(trial.name, folder, evidence[trial.name])
            watch(trial)
    for name in selection:
        # Also where no trial was stale: a band may be another.
        verdicts = controls.keep(name, REFERENCE / catalogue.place(name), evidence[name])
        for claim in catalogue.load(name).claims:
            if failure := controls.failure(verdicts.get(claim.id, {})):
                code = say(f"{claim.id}: {failure}", code=1)
    conclusion = "all controls hold" if code == 0 else "not all controls hold"
    console.print(f"{len(stale)} trials were stale; {conclusion}")
    return code


@contextmanager
def shown_trials(
    costs: "Mapping[controls.Trial, float]",
) -> "Iterator[Callable[[controls.Trial], None]]":
    """Show a bar of trials that are made, and the time left.

    Args:
        costs: what each may take, in seconds.

    Yields:
        What is to be told of each trial that is made.
    """
    start, count, cost_so_far = perf_counter(), 0, 0.0
    with bar_of_time_left() as bar:
        task = bar.add_task(f"0 of {len(costs)} trials", total=sum(costs.values()), left="")

        def watch(trial: "controls.Trial") -> None:
            nonlocal count, cost_so_far
            count, cost_so_far = count + 1, cost_so_far + costs[trial]
            remaining = (perf_counter() - start) * (sum(costs.values()) - cost_so_far) / cost_so_far
            text = f"{count} of {len(costs)} trials"
            bar.update(
                task, completed=cost_so_far, description=text, left=f"about {told(remaining)} left"
            )

        yield watch


def show_claims(names: list[str]) -> int:
    """Show the claims as they are judged; with ``--json`` all that is known of them.

    Args:
        names: of experiments, of which none means all; ``--json`` may stand among them.
    """
    from study.record import citation, export  # noqa: PLC0415 - the other words cite nothing

    experiments = _known([name for name in names if name != "--json"])
    folders = [REFERENCE / catalogue.place(name) for name in experiments]
    runs = [read_run(folder) for folder in folders if (folder / "claims.json").is_file()]
    if "--json" in names:
        document = export.claims(citation.read_study(ROOT), runs)
        print(json.dumps(document, ensure_ascii=False, indent=1))  # noqa: T201 - for a program
        return 0
    table = Table("claim", "verdict", "measured", "source", box=SIMPLE)
    for run in runs:
        for claim in run.judgements:
            number = formatted(run.values[claim["quantity"]]) if claim["quantity"] else "-"
            table.add_row(
                claim["id"], claim["verdict"], number, claim["source"]["work"]["cited_as"]
            )
    console.print(table)
    return 0


def write_report(names: list[str]) -> int:
    """Write what a rerun on this machine found, for those who keep the study.

    Args:
        names: of experiments that were rerun; without any, all that were.
    """
    from study.record import report  # noqa: PLC0415 - the other words report nothing

    experiments = _known(names) if names else catalogue.names()
    pairs = [
        (run, read_if_there(REFERENCE / catalogue.place(name)))
        for name in experiments
        if (run := read_if_there(LATEST / catalogue.place(name))) is not None
    ]
    content = report.report(pairs)
    path = ROOT / "outputs" / "report.json"
    path.write_text(report.to_json(content), encoding="utf-8")
    counts = ", ".join(f"{number} {word}" for word, number in content.agreement.items())
    console.print(f"agrees with the reference: {counts}")
    console.print(f"the report is in {path}", soft_wrap=True)
    return 0


def derive_origins(names: list[str]) -> int:
    """Derive from the history what came first, each claim or numbers of it."""
    from study import history, verdict_history  # noqa: PLC0415 - the other words need no history
    from study.record import past_verdicts  # noqa: PLC0415
    from study.record.origins import origin_to_json  # noqa: PLC0415

    selection = _known(names)
    past = history.History(ROOT)
    for name, claim_origins in history.origins(past, counting).items():
        if name not in selection:
            continue
        rows = {claim: origin_to_json(origin) for claim, origin in claim_origins.items()}
        write_json(REFERENCE / catalogue.place(name) / "origins.json", rows)
        exploratory = sum(origin.exploratory for origin in claim_origins.values())
        console.print(f"{name}: {exploratory} of {len(claim_origins)} claims are exploratory")
    write_json(REFERENCE / past_verdicts.FILE, verdict_history.verdicts(past))
    write_json(REFERENCE / past_verdicts.BANDS, verdict_history.bands(past))
    return 0


def counting(total: int, states: Iterable[str]) -> Iterator[str]:
    """Show a bar with the time left while the commits of the history are surveyed."""
    with progress_bar("states of the code", disable=not total) as progress:
        bar = progress.add_task("history", total=total)
        for state in states:
            progress.advance(bar)
            yield state


def keep_draws(names: list[str]) -> int:
    """Put the draws of the latest runs into one file each."""
    from study import archive  # noqa: PLC0415 - needs torch

    for name in _known(names):
        target = ROOT / "outputs" / "archive" / f"{catalogue.place(name)}.tar.xz"
        archive.keep(name, LATEST / catalogue.place(name), target)
        console.print(f"{name}: its draws are in {target}", soft_wrap=True)
    return 0


def pool_draws(files: list[str]) -> int:
    """Make from archived draws the runs that they made."""
    from study import archive  # noqa: PLC0415 - needs torch

    if not files:
        raise StudyError("pool: name the files that archive has written")
    for file in files:
        name, run = archive.pool(Path(file), LATEST)
        show_comparison(name, run)
        console.print(f"{name}: pooled from {file} in {run.folder}", soft_wrap=True)
    return 0


NEXT = """\
{name} runs as it stands: nox -s run -- experiment={name} scale=quick
FILL IN marks what is yours to say; nox -s tests -- --experiment {name} lists what is missing
"Add an experiment" in CONTRIBUTING.md goes on from here"""
"""What is to be done with the files of a new experiment."""


def begin_experiment(places: list[str]) -> int:
    """Write the files of a new experiment, and say what comes next."""
    from study import scaffold  # noqa: PLC0415 - the other words need none of it

    if len(places) != 1:
        raise StudyError("new: name one experiment, with its group: new GROUP/NAME")
    for path in scaffold.write(places[0], ROOT):
        console.print(str(path.relative_to(ROOT)), soft_wrap=True)
    console.print(NEXT.format(name=places[0].rpartition("/")[2]), soft_wrap=True)
    return 0


def try_network(words: list[str]) -> int:
    """Show what a network of the reader's own does before training; this runs the reader's code.

    Args:
        words: its address and the options of :mod:`study.trying.options`.
    """
    from study.trying import options, report, trial, writing  # noqa: PLC0415 - needs torch

    choice = options.parsed(words)
    outcome = trial.tried(choice)
    paths = REFERENCE.glob("*/*/claims.json")
    verdicts = {row["id"]: row["verdict"] for path in paths for row in read_json(path, [])}
    for part in report.parts(outcome, verdicts):
        console.print(part, soft_wrap=isinstance(part, str))
    folder = ROOT / "outputs" / "try" if choice.out is None else Path(choice.out)
    writing.write(outcome, folder)
    console.print(f"numbers and figure in {folder}", soft_wrap=True)
    return 0


def _known(names: list[str]) -> list[str]:
    """Return the names, all names if there are none, or refuse one that is not known."""
    return [catalogue.known(name) for name in names] or catalogue.names()
