"""What is to be made, what is being made, and how long the rest may take."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Any, TypeAlias

from study import catalogue, configuring, steps
from study.configuring import StudySettings, as_json
from study.engine import tasks
from study.engine.tasks import CHOICE, EXACT, Data, Output, Task
from study.errors import EngineLostError, StudyError, WorkerDiedError
from study.record import provenance
from study.record.lock import unusable
from study.record.results import Run, read_run, recover
from study.record.store import Maker
from study.steps import RawRun, Series

REPLAYED = (0, 1)
"""The draws that are made briefly."""
BUNDLE_SECONDS = 1.0
"""Short draws travel together, up to about so much work."""
BREAKS = 3
"""So many times a draw may take its process down before it is given up."""
SOMETHING = 1.0
"""What small work takes of which nothing is known, in seconds."""
DRAW, BRIEF, CONCLUSION = "draw", "brief", "conclusion"
"""Kinds of work, whose costs are told apart."""


@dataclass(frozen=True)
class Job:
    """One experiment with its settings, ready to run.

    Attributes:
        name: the experiment's name.
        config: its checked settings.
        study: everything else that is set.
        folder: where the run is to lie.
        brief: its settings with a brief training, whose first draws are stored as well, so that
            another machine can make them again; None if the draws themselves are brief.
    """

    name: str
    config: Any
    study: StudySettings
    folder: Path
    brief: Any = None

    @classmethod
    def of(cls, name: str, config: object, study: StudySettings, folder: Path) -> "Job":
        """Return a job that stores brief draws as well where its own may be long.

        Args:
            name: the experiment's name.
            config: its checked settings.
            study: everything else that is set.
            folder: where the run is to lie.
        """
        brief = configuring.brief(name, config) if study.scale == "reference" else None
        return cls(name, config, study, folder, brief)


@dataclass(frozen=True)
class Finished:
    """A job that has come to its end.

    Attributes:
        job: the job.
        run: its run; None if there is none.
        reason: why there is none, in one line.
        again: whether all of it was there before.
    """

    job: Job
    run: Run | None
    reason: str = ""
    again: bool = False


@dataclass(frozen=True)
class Progress:
    """How far the jobs are.

    Attributes:
        jobs: how many there are.
        finished_jobs: how many of them are.
        draws: how many draws were made.
        share: of the work that is done; None if that cannot be told yet.
        seconds_left: seconds until all is done; None if that cannot be told yet.
        workers: how many processes make draws.
    """

    jobs: int
    finished_jobs: int
    draws: int
    share: float | None
    seconds_left: float | None
    workers: int


Watch: TypeAlias = Callable[[Progress], None]
"""Is told how far the jobs are, several times a second."""


class Costs:
    """What work takes: as measured so far, else as it usually is, at the pace of this machine.

    Work is that of an experiment's plain settings, under its name, or of others, under a name of
    theirs.

    Args:
        usual: processor time in seconds, by the experiment's name and the kind of work.
    """

    def __init__(self, usual: Mapping[str, Mapping[str, float]]) -> None:
        self.usual = usual
        self.measurements: dict[tuple[str, str], tuple[float, int]] = {}

    def note(self, name: str, kind: str, seconds: float) -> None:
        """Take in what one piece of work took."""
        total, count = self.measurements.get((name, kind), (0.0, 0))
        self.measurements[name, kind] = (total + seconds, count + 1)

    def of(self, name: str, kind: str) -> float | None:
        """Return what a piece of work takes, in seconds.

        A draw of which nothing is known gives None. Of the rest, which is small beside draws, what
        others take stands in for it.
        """
        seconds, count = self.measurements.get((name, kind), (0.0, 0))
        if count:
            return seconds / count
        usual = self.usual.get(name, {}).get(kind)
        if usual is not None:
            return usual * self.pace
        if kind == DRAW:
            return None
        means = [
            seconds / count for (_, k), (seconds, count) in self.measurements.items() if k == kind
        ]
        return fmean(means) if means else SOMETHING

    @property
    def pace(self) -> float:
        """How much longer than usual work takes on this machine."""
        pairs = [
            (seconds, count * self.usual[name][kind])
            for (name, kind), (seconds, count) in self.measurements.items()
            if kind in self.usual.get(name, {})
        ]
        expected = sum(usual for _, usual in pairs)
        return sum(seconds for seconds, _ in pairs) / expected if expected > 0 else 1.0

    @property
    def spent(self) -> float:
        """Processor time of all work so far, in seconds."""
        return sum(seconds for seconds, _ in self.measurements.values())


@dataclass(eq=False)
class OpenJob:
    """A job on its way.

    Attributes:
        job: the job.
        raw_run: what it is when its draws are made.
        missing: what of each series is still to be asked for.
        tickets: how many tickets of it are with the executor.
        complete_at_start: whether all of it was there at the start.
    """

    job: Job
    raw_run: RawRun
    missing: dict[str, list[int | str]]
    tickets: int = 0
    complete_at_start: bool = False

    @property
    def work(self) -> str:
        """The name under which its costs are known."""
        name, folder = self.job.name, self.job.folder
        return name if folder.name == name else f"{name} {self.raw_run.main.fingerprint[:8]}"

    @classmethod
    def of(
        cls,
        job: Job,
        data: Data,
        run_provenance: Mapping[str, Any],
        shared_codes: Mapping[str, str],
    ) -> "OpenJob":
        """See what of a job is made already.

        Args:
            job: the job.
            data: which data.
            run_provenance: how what is missing will be made.
            shared_codes: what identifies the code of the steps that all experiments share.
        """
        main = _series(job, job.config, range(job.config.draws), data)
        replay = None if job.brief is None else _series(job, job.brief, REPLAYED, data)
        settings = {
            "experiment": {"name": job.name, **asdict(job.config)},
            "scale": job.study.scale,
            "data": asdict(job.study.data),
            "device": job.study.device,
        }
        run_provenance = {**run_provenance, "device": job.study.device}
        codes = {**shared_codes, **steps.own_codes(job.name)}
        raw_run = RawRun(job.folder, as_json(settings), run_provenance, main, replay, codes)
        recover(job.folder)
        if job.study.force:
            steps.forget(raw_run)
        if steps.is_pooled(raw_run):
            return cls(job, raw_run, {}, complete_at_start=steps.is_concluded(job.folder, codes))
        missing = {series.fingerprint: series.store.missing(series.all) for series in raw_run.all}
        return cls(job, raw_run, missing)

    @property
    def complete(self) -> bool:
        """Whether all of its draws are made."""
        return not self.tickets and not any(self.missing.values())


@dataclass(eq=False)
class Ticket:
    """Work that goes to the executor.

    Attributes:
        open_job: the job that it is for.
        series: the series whose draws are wanted; None if the job is to be concluded.
        items: the draws, or the names of what is made once.
        breaks: how often processes died while it was with the executor.
        alone: whether no other is to be with the executor, so that the next death names its cause.
        start: when a process took it up, by this process's clock, in seconds; None before.
    """

    open_job: OpenJob
    series: Series | None
    items: tuple[int | str, ...] = ()
    breaks: int = 0
    alone: bool = False
    start: float | None = None

    def __str__(self) -> str:
        """Name it, as an error does."""
        if self.series is None:
            return f"{self.open_job.job.name}: its verdicts and figures"
        return tasks.told(self.open_job.job.name, self.items)

    @property
    def kinds(self) -> list[str]:
        """The kind of each piece of work in it."""
        if self.series is None:
            return [CONCLUSION]
        return [_kind(self.open_job, self.series, item) for item in self.items]


class Queue:
    """All jobs, and what of them is with the executor.

    Args:
        jobs: the jobs, in the order in which they are wanted.
        data: which data, and where the processes find it.
        costs: what work takes; it learns.
        workers: how many processes share the work, or are asked for.
        remote: whether draws are made on machines that do not see this one's files.
    """

    def __init__(
        self,
        jobs: Iterable[Job],
        data: Data,
        costs: Costs,
        workers: int,
        *,
        remote: bool = False,
    ) -> None:
        run_provenance = {
            **provenance.describe(),
            "data": {"name": data.name, "checksum": data.checksum},
        }
        shared_codes = steps.shared_codes()
        self.open = [OpenJob.of(job, data, run_provenance, shared_codes) for job in jobs]
        self.jobs = len(self.open)
        self.data = replace(data, folder="") if remote else data
        self.costs = costs
        self.target_workers = workers
        self.workers = workers
        self.remote = remote
        self.maker = partial(Maker, commit=run_provenance["commit"], dirty=run_provenance["dirty"])
        self.mistakes: list[Exception] = []
        self.back: list[Ticket] = []
        self.running: dict[Future[Any], Ticket] = {}
        self.suspects: list[Ticket] = []

    def there(self) -> Iterator[Finished]:
        """Yield the jobs that need nothing."""
        for open_job in [open_job for open_job in self.open if open_job.complete_at_start]:
            yield self._closed(open_job, again=True)

    def send(self, draws: Executor, conclusions: Executor) -> None:
        """Send tickets until each process has one, and one that waits.

        What was with it when a process died goes alone, so that the next death names its cause.

        Args:
            draws: makes draws.
            conclusions: ends jobs, on this machine; it may be the same.

        Raises:
            BrokenExecutor: if its processes have died.
        """
        while len(self.running) < self._limit() and (ticket := self._next()):
            executor = conclusions if ticket.series is None else draws
            try:
                future = executor.submit(self._call(ticket))
            except BrokenExecutor:
                (self.suspects if ticket.alone else self.back).insert(0, ticket)
                raise
            ticket.open_job.tickets += 1
            self.running[future] = ticket

    @property
    def _suspected(self) -> bool:
        return bool(self.suspects) or any(ticket.alone for ticket in self.running.values())

    def _limit(self) -> int:
        return 1 if self._suspected else 2 * max(self.workers, self.target_workers)

    def _next(self) -> Ticket | None:
        for tickets in (self.suspects, self.back):
            if tickets:
                return tickets.pop(0)
        return next((ticket for open_job in self.open if (ticket := self._ticket(open_job))), None)

    def _call(self, ticket: Ticket) -> Callable[[], Any]:
        """Return what the executor is to call for a ticket."""
        job, series = ticket.open_job.job, ticket.series
        if series is None:
            return partial(steps.finish, ticket.open_job.raw_run)
        needs_choice = CHOICE in series.once and CHOICE not in ticket.items
        task = Task(
            name=job.name,
            settings=series.settings,
            data=self.data,
            device=job.study.device,
            code=series.code,
            items=ticket.items,
            choice=series.store.text(CHOICE) if needs_choice else "",
            checkpoints="" if self.remote else str(series.store.checkpoints),
        )
        return partial(tasks.perform, task)

    def take(self, future: Future[Any]) -> Iterator[Finished]:
        """Keep what came back, and yield the job if that is the end of it.

        Raises:
            BrokenExecutor: if nothing came back because a process has died.
            EngineLostError: if nothing came back because nobody is there any more.
        """
        ticket, reason = self.running[future], ""
        try:
            result = future.result()
        except (BrokenExecutor, EngineLostError, KeyboardInterrupt):
            raise
        except WorkerDiedError:
            reason = self._again(ticket)
        except StudyError as error:
            reason = str(error)
        except MemoryError:
            reason = f"{ticket.open_job.job.name}: not enough memory for these settings"
        except Exception as error:  # noqa: BLE001 - a mistake of ours, or a disk that is full
            reason = f"{ticket}: {error}"
            if not unusable(error):
                self.mistakes.append(error)
        else:
            self._keep(ticket, result)
        del self.running[future]
        ticket.open_job.tickets -= 1
        if ticket.open_job in self.open and (reason or ticket.series is None):
            yield self._closed(ticket.open_job, reason)

    def _again(self, ticket: Ticket) -> str:
        """Take back what had a worker that died; return why not if that was too often."""
        breaks = ticket.breaks + 1
        if breaks == BREAKS:
            return f"{ticket}: its process died {BREAKS} times (is there enough memory?)"
        self.back += [
            Ticket(ticket.open_job, ticket.series, (item,), breaks) for item in ticket.items
        ]
        return ""

    def salvage(self) -> None:
        """Keep all that has come back and was not taken yet."""
        for future, ticket in list(self.running.items()):
            succeeded = future.done() and not future.cancelled() and future.exception() is None
            if succeeded and ticket.series is not None:
                self._keep(ticket, future.result())
                del self.running[future]
                ticket.open_job.tickets -= 1

    def broken(self) -> Iterator[Finished]:
        """Take back what was with processes that died; give up what has too often."""
        self.salvage()
        # Of a cluster only the processes here, which conclude, break as a whole.
        losses = [
            entry for entry in self.running.items() if not self.remote or entry[1].series is None
        ]
        for at, (future, ticket) in enumerate(losses):
            del self.running[future]
            ticket.open_job.tickets -= 1
            ticket.start = None
            if at >= self.workers and not ticket.alone:  # no process had taken it up
                self.back.append(ticket)
                continue
            ticket.breaks += 1
            ticket.alone = not self.remote
            if ticket.breaks < BREAKS:
                (self.back if self.remote else self.suspects).extend(
                    [replace(ticket, items=(item,)) for item in ticket.items] or [ticket]
                )
            elif ticket.open_job in self.open:
                reason = f"{ticket}: its process died {BREAKS} times (is there enough memory?)"
                yield self._closed(ticket.open_job, reason)

    def progress(self) -> Progress:
        """Tell how far the jobs are."""
        time = perf_counter()
        at_work = [*self.running.values()][: self.workers]
        at_once = 1 if self._suspected else max(1, self.workers)
        work: Counter[tuple[str, str]] = Counter()
        for open_job in self.open:
            for series in open_job.raw_run.all:
                missing = open_job.missing.get(series.fingerprint, ())
                work.update((open_job.work, _kind(open_job, series, name)) for name in missing)
            work[open_job.work, CONCLUSION] += not open_job.complete
        for ticket in [*self.running.values(), *self.suspects, *self.back]:
            if ticket not in at_work:
                work.update((ticket.open_job.work, kind) for kind in ticket.kinds)
        work = +work  # without what there is none of
        cost_of = {kind: self.costs.of(*kind) for kind in work}
        costs = [
            None if cost is None else cost * count
            for cost, count in zip(cost_of.values(), work.values(), strict=True)
        ]
        longest = [cost for cost in cost_of.values() if cost is not None]
        for ticket in at_work:
            ticket.start = ticket.start or time
            estimates = [self.costs.of(ticket.open_job.work, kind) for kind in ticket.kinds]
            elapsed = time - ticket.start
            # What takes longer than was thought may take longer yet.
            remaining = max(sum(filter(None, estimates)) - elapsed, elapsed / 4)
            costs.append(None if None in estimates else remaining)
            longest.append(remaining)
        known_costs = [cost for cost in costs if cost is not None]
        is_known = len(known_costs) == len(costs)
        wall = max([sum(known_costs) / at_once, *longest])
        return Progress(
            jobs=self.jobs,
            finished_jobs=self.jobs - len(self.open),
            draws=sum(n for (_, kind), (_, n) in self.costs.measurements.items() if kind == DRAW),
            share=self._share(sum(known_costs)) if is_known else None,
            seconds_left=wall if is_known else None,
            workers=self.workers,
        )

    def _share(self, seconds_left: float) -> float:
        """Return the share of the work that is done, given the processor time that is left."""
        return self.costs.spent / (self.costs.spent + seconds_left) if seconds_left > 0 else 1.0

    def _ticket(self, open_job: OpenJob) -> Ticket | None:
        """Return the next ticket of a job, or None if it has to wait for what is away."""
        for series in open_job.raw_run.all:
            missing = open_job.missing.get(series.fingerprint, [])
            if not missing:
                continue
            if CHOICE in series.once and missing[0] != CHOICE and not series.store.holds(CHOICE):
                return None
            items = missing[: self._bundle(open_job, series, missing[0])]
            del missing[: len(items)]
            return Ticket(open_job, series, tuple(items))
        if open_job.complete and open_job in self.open:
            return Ticket(open_job, None)
        return None

    def _bundle(self, open_job: OpenJob, series: Series, first: int | str) -> int:
        """Return how many draws travel together: what is made once goes alone."""
        if isinstance(first, str):
            return 1
        seconds = self.costs.of(open_job.work, _kind(open_job, series, first))
        return 1 if seconds is None else max(1, int(BUNDLE_SECONDS / max(seconds, 1e-3)))

    def _keep(self, ticket: Ticket, result: Any) -> None:  # noqa: ANN401 - of either kind of work
        """Keep what a ticket brought."""
        if ticket.series is None:
            self.costs.note(ticket.open_job.work, CONCLUSION, result)
            return
        outputs: Sequence[Output] = result
        for output, kind in zip(outputs, ticket.kinds, strict=True):
            maker = self.maker(cpu_capability=output.cpu_capability)
            ticket.series.store.keep(
                output.item, output.content, output.seconds, output.memory, maker
            )
            self.costs.note(ticket.open_job.work, kind, output.seconds)

    def _closed(self, open_job: OpenJob, reason: str = "", *, again: bool = False) -> Finished:
        """Take a job out, whose run is there or is refused."""
        self.open.remove(open_job)
        for tickets in (self.suspects, self.back):
            tickets[:] = [ticket for ticket in tickets if ticket.open_job is not open_job]
        if not reason:
            steps.drop_stale(open_job.raw_run)
        return Finished(
            open_job.job, None if reason else read_run(open_job.job.folder), reason, again
        )


def _kind(open_job: OpenJob, series: Series, item: int | str) -> str:
    if isinstance(item, str):
        return item
    return DRAW if series is open_job.raw_run.main else BRIEF


def _series(job: Job, config: object, draws: Sequence[int], data: Data) -> Series:
    """Describe the draws of a job that are to be made with some settings."""
    method = catalogue.method(job.name)
    settings: dict[str, Any] = as_json(asdict(config))  # type: ignore[call-overload]
    decisive = {key: value for key, value in settings.items() if key != "draws"}
    code = provenance.code_digest(catalogue.module(job.name))
    fingerprint = provenance.of_draws(
        code,
        {"experiment": decisive, "device": job.study.device},
        {"name": data.name, "checksum": data.checksum, "pixel_scale": data.pixel_scale},
    )
    singles = [(CHOICE, method.choose), (EXACT, method.exact)]
    return Series(
        name=job.name,
        settings=settings,
        draws=tuple(draws),
        once=tuple(name for name, function in singles if function is not None),
        code=code,
        fingerprint=fingerprint,
        folder=steps.draws_folder(job.folder, job.name) / f"{code[:8]}-{fingerprint[:12]}",
    )
