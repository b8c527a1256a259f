"""Reads from the project's history whether a claim or numbers of what it judges came first.

Every state of the code is surveyed once, in a checkout and an interpreter of its own
(:mod:`study.survey`); what that finds is kept in ``outputs/.surveys``. Runs are found by their
``provenance.json``, in whatever folder it lay. The rule is that of :mod:`study.record.origins`.
"""

import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from csv import DictReader
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, TypeAlias
from zipfile import ZipFile

from study import survey
from study.errors import StudyError
from study.record import provenance
from study.record.claims import Band
from study.record.git import git
from study.record.origins import (
    PARTS,
    Change,
    Numbers,
    Origin,
    Part,
    RecordedRun,
    State,
    alike,
    parts_changed,
    trials_in,
)
from study.record.results import estimate_from_json, write_text

DECIDED_BEFORE: tuple[Part, ...] = ("band", "quantity")
"""Parts that may change without a run, and count from their commit on."""
CODE = ("study", "conf")
"""What of a commit is surveyed."""
REFERENCE = "outputs/reference"
FILES = {"provenance.json", "values.json", "config.json", "claims.json", "samples.csv"}
"""What of a recorded run is read."""
DERIVED = ("origins.json", "verdicts.json", "bands.json")
"""How the names of files end that are derived from commits, and need not be committed."""
TRIALS = f"{REFERENCE}/trials.json"
"""Quotations of what the changelog and the chapters tell of trial runs, each with the claims or the
experiments whose numbers it speaks of, and none where it speaks of other numbers."""

Surveys: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What a survey finds, by the experiment's name."""
ProgressBar: TypeAlias = Callable[[int, Iterable[str]], Iterable[str]]
"""Is given how much there is to do, and shows how far it is."""
Texts: TypeAlias = dict[str, list[str]]
"""All that the claims of an experiment ever said of themselves, by the claim's id."""


@dataclass(frozen=True)
class Commit:
    """One commit.

    Attributes:
        id: its hash.
        parents: those of its parents.
        date: its day.
        ancestors: itself and all commits before it, as bits of a number.
    """

    id: str
    parents: tuple[str, ...]
    date: str
    ancestors: int


@dataclass(frozen=True)
class Record:
    """A run as a commit recorded it.

    Attributes:
        name: of the experiment.
        recorded: the first commit that holds it.
        files: the texts of its files, by name.
    """

    name: str
    recorded: str
    files: Mapping[str, str]

    @cached_property
    def made_from(self) -> str:
        """The commit whose code made it."""
        return str(json.loads(self.files["provenance.json"])["commit"])

    @cached_property
    def values(self) -> dict[str, Any]:
        """Its estimates by key, as JSON holds them."""
        return dict(json.loads(self.files["values.json"]))

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Its experiment's settings."""
        return dict(json.loads(self.files["config.json"])["experiment"])

    @cached_property
    def samples(self) -> list[dict[str, str]]:
        """Its rows, one per draw."""
        return list(DictReader(io.StringIO(self.files["samples.csv"])))

    def column(self, key: str) -> list[float]:
        """Return the numbers of a quantity, one per draw."""
        return [float(row[key]) for row in self.samples]

    @cached_property
    def quantities(self) -> dict[str, str | None]:
        """The keys that its claims read, by id."""
        rows = json.loads(self.files.get("claims.json", "[]"))
        return {item["id"]: item["quantity"] for item in rows}

    def key_of(self, claim: str, key: str) -> str | None:
        """Return the key under which it holds the claim's quantity; None if it has no number of it.

        Args:
            claim: the claim's id.
            key: what the claim reads now.
        """
        former_key = self.quantities.get(claim)
        return next(
            (candidate for candidate in (key, former_key) if candidate in self.values), None
        )

    def same_draws(self, record: "Record") -> bool:
        """Tell whether both drew the same random numbers.

        They did if they have the same seed and anything that varies over the draws is the same in
        both; with the same seed numbers may still differ, as the way of drawing was changed once.
        """
        if self.settings["seed"] != record.settings["seed"] or not (
            self.samples and record.samples
        ):
            return False
        for key in self.samples[0].keys() & record.samples[0].keys() - {"draw"}:
            numbers, other_numbers = self.column(key), record.column(key)
            common = numbers[: len(other_numbers)]
            spread, size = max(common) - min(common), max(map(abs, common))
            if spread > max(0.01 * size, 1e-4) and alike(numbers, other_numbers):
                return True
        return False

    def numbers(self, key: str, surveys: Surveys) -> Numbers:
        """Return what it holds of a quantity.

        Args:
            key: of the quantity.
            surveys: what the commit that it was made from claimed.
        """
        value = estimate_from_json(self.values[key])
        numbers = () if value.exact else tuple(self.column(key))
        code = surveys.get(self.name, {})
        digests = code.get("method", ""), code.get("shared", "")
        return Numbers(key, self.settings, *digests, numbers, value)


class History:
    """The commits of a project, what each claimed, and the runs that it recorded.

    Args:
        root: the project's folder, in a git repository with all its history.

    Raises:
        StudyError: if there is no such history, or if what is to be derived is not committed.
    """

    def __init__(self, root: Path) -> None:
        """Read the commits."""
        self.root = root
        if self.git("rev-parse", "--is-shallow-repository").strip() != "false":
            raise StudyError(f"{root}: the history is cut off; git fetch --unshallow fetches it")
        lines = self.git("status", "--porcelain", "--", *CODE, REFERENCE).splitlines()
        if uncommitted := [line[3:] for line in lines if not line.endswith(DERIVED)]:
            raise StudyError(
                f"origins: commit {', '.join(uncommitted[:3])} first; only commits count"
            )
        self.commits: dict[str, Commit] = {}
        lines = self.git("log", "--topo-order", "--reverse", "--format=%H|%P|%cs").splitlines()
        for at, line in enumerate(lines):
            id_, parents, date = line.split("|")
            parents_here = [parent for parent in parents.split() if parent in self.commits]
            ancestors = 1 << at
            for parent in parents_here:
                ancestors |= self.commits[parent].ancestors
            self.commits[id_] = Commit(id_, tuple(parents_here), date, ancestors)
        self.head = next(reversed(self.commits))

    def git(self, *words: str, stdin: str = "") -> str:
        """Return what git prints.

        Args:
            words: the command line.
            stdin: what it reads.
        """
        return git(self.root, *words, stdin=stdin).decode()

    def change(self, commit: str) -> Change:
        """Return a commit as a change."""
        return Change(commit, self.commits[commit].date)

    def holds(self, commit: str, ancestor: str) -> bool:
        """Tell whether a commit is another or comes after it; an unknown one does not."""
        if commit not in self.commits:
            return False
        lineage, base = self.commits[commit].ancestors, self.commits[ancestor].ancestors
        return lineage & base == base

    # What each commit claimed -------------------------------------------------------------------

    @cached_property
    def trees(self) -> dict[str, str]:
        """For each commit, a name of the code and the settings that it holds."""
        objects = [f"{commit}:{folder}" for commit in self.commits for folder in CODE]
        lines = self.git("cat-file", "--batch-check=%(objectname)", stdin="\n".join(objects))
        names = [
            "none" if "missing" in line else line.split()[0][:16] for line in lines.splitlines()
        ]
        size = len(CODE)
        return {
            commit: "-".join(names[at * size : (at + 1) * size])
            for at, commit in enumerate(self.commits)
        }

    def surveys(self, progress: ProgressBar) -> dict[str, Surveys]:
        """Survey each state of the code once.

        Args:
            progress: see ``ProgressBar``.

        Returns:
            For each commit what it claimed; for one whose code does not run, what its first parent
            did.

        Raises:
            StudyError: if the code of the last commit does not run.
        """
        # Another survey, or another Python's way to write code, may find another answer.
        makers = (survey.__file__, provenance.__file__)
        maker = "".join(Path(file).read_text(encoding="utf-8") for file in makers)
        maker += platform.python_version()
        name = hashlib.sha256(maker.encode()).hexdigest()[:8]
        folder = self.root / "outputs" / ".surveys" / name
        folder.mkdir(parents=True, exist_ok=True)
        first = {tree: commit for commit, tree in reversed(self.trees.items())}
        unsurveyed = [tree for tree in first if not (folder / f"{tree}.json").is_file()]

        def kept(tree: str) -> str:
            survey_result, problem = self._surveyed(first[tree])
            if survey_result is not None:
                write_text(folder / f"{tree}.json", json.dumps(survey_result))
            elif tree == self.trees[self.head]:
                raise StudyError(f"{self.head[:12]}: its code does not run: {problem}")
            return tree

        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            for _ in progress(len(unsurveyed), pool.map(kept, unsurveyed)):
                pass
        finally:  # an interrupt does not wait for what has not begun
            pool.shutdown(cancel_futures=True)
        by_tree = {
            tree: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
            for tree in first
            for path in [folder / f"{tree}.json"]
        }
        surveys: dict[str, Surveys] = {}
        for commit in self.commits.values():
            parent_survey = surveys[commit.parents[0]] if commit.parents else {}
            survey_here = by_tree[self.trees[commit.id]]
            surveys[commit.id] = parent_survey if survey_here is None else survey_here
        return surveys

    def _surveyed(self, commit: str) -> tuple[Surveys | None, str]:
        """Survey a commit in its own interpreter; return what it found, or why it found nothing."""
        with tempfile.TemporaryDirectory() as folder:
            with ZipFile(
                io.BytesIO(git(self.root, "archive", "--format=zip", commit, *CODE))
            ) as files:
                files.extractall(folder)
            process = subprocess.run(  # noqa: S603 - this interpreter, and code of this project
                [sys.executable, "-c", Path(survey.__file__).read_text(encoding="utf-8")],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": folder},
            )
            if process.returncode:
                return None, (process.stderr.strip().splitlines() or ["no error"])[-1]
            experiments = json.loads(process.stdout)
            for experiment in experiments.values():
                code = provenance.code(experiment["module"], Path(folder))
                experiment["method"] = digest(
                    text for at, text in code if at == experiment["module"]
                )
                experiment["shared"] = digest(
                    text for at, text in code if at != experiment["module"]
                )
            return experiments, ""

    # What each commit recorded ------------------------------------------------------------------

    @cached_property
    def references(self) -> dict[str, dict[str, dict[str, str]]]:
        """For each commit the reference folders, and the names and blobs of their numbers."""
        return {commit: dict(self._reference_folders(commit)) for commit in self.commits}

    def records(self) -> dict[str, list[Record]]:
        """Return the runs of each experiment, in the order in which commits recorded them.

        The last one is that of the last commit. Numbers that were stored anew for the same run,
        with more digits, take the place of the old.
        """
        first: dict[tuple[str, str], str] = {}
        latest: dict[tuple[str, str], dict[str, str]] = {}
        for commit, folders in self.references.items():
            for name, files in folders.items():
                mark = (name, files["provenance.json"])
                first.setdefault(mark, commit)
                latest[mark] = files
        head_marks = {
            (n, files["provenance.json"]) for n, files in self.references[self.head].items()
        }
        runs: dict[str, list[Record]] = {}
        for name, blob in sorted(first, key=lambda mark: mark in head_marks):
            texts = {file: self.text(blob_id) for file, blob_id in latest[name, blob].items()}
            runs.setdefault(name, []).append(Record(name, first[name, blob], texts))
        return runs

    def texts(self) -> dict[str, Texts]:
        """Return, by experiment, all that its claims ever said of themselves."""
        blobs = {
            (name, files["claims.json"]): None
            for folders in self.references.values()
            for name, files in folders.items()
            if "claims.json" in files
        }
        texts: dict[str, Texts] = {}
        for name, blob in blobs:
            for item in json.loads(self.text(blob)):
                sentences = [item.get(field) or "" for field in ("reason", "departure", "remark")]
                texts.setdefault(name, {}).setdefault(item["id"], []).extend(sentences)
        return texts

    def text(self, blob: str) -> str:
        """Return the content of a stored file."""
        return self.git("cat-file", "blob", blob)

    def _reference_folders(self, commit: str) -> Iterator[tuple[str, dict[str, str]]]:
        folders: dict[PurePosixPath, dict[str, str]] = {}
        for line in self.git("ls-tree", "-r", commit, "--", REFERENCE).splitlines():
            entry, _, name = line.partition("\t")
            path = PurePosixPath(name)
            if path.name in FILES:
                folders.setdefault(path.parent, {})[path.name] = entry.split()[2]
        yield from ((at.name, files) for at, files in folders.items() if "provenance.json" in files)


def digest(texts: Iterable[str]) -> str:
    """Return a name for some texts."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def last_changes(
    history: History,
    surveys: Mapping[str, Surveys],
    reach: Mapping[str, tuple[float, float]] = MappingProxyType({}),
) -> dict[str, dict[str, dict[Part, str]]]:
    """Find the commit that last changed each part of each claim.

    Args:
        history: the commits.
        surveys: what each of them claimed.
        reach: of each claim's quantity, as :class:`study.record.origins.State` has it.

    Returns:
        By commit and by the claim's id, the commits by part. Where branches meet, a part is as old
        as in the first of them that has it as it is after the merge.
    """
    changes: dict[str, dict[str, dict[Part, str]]] = {}
    states: dict[str, dict[str, State]] = {}
    for commit in history.commits.values():
        states[commit.id] = states_of(surveys[commit.id], reach)
        changes[commit.id] = {
            claim: {
                part: next(
                    (
                        changes[parent][claim][part]
                        for parent in commit.parents
                        if claim in states[parent] and state.same(states[parent][claim], part)
                    ),
                    commit.id,
                )
                for part in PARTS
            }
            for claim, state in states[commit.id].items()
        }
    return changes


def states_of(
    surveys: Surveys, reach: Mapping[str, tuple[float, float]] = MappingProxyType({})
) -> dict[str, State]:
    """Return the claims that a survey found, by id.

    Args:
        surveys: what it found.
        reach: of each claim's quantity, as :class:`study.record.origins.State` has it.
    """
    return {
        id_: State(
            tuple(claim["band"]),
            claim["quantity"],
            experiment["method"],
            experiment["settings"],
            reach.get(id_, (-inf, inf)),
        )
        for experiment in surveys.values()
        for id_, claim in experiment["claims"].items()
    }


def reaches(
    surveys: Surveys, records: Mapping[str, Sequence[Record]]
) -> dict[str, tuple[float, float]]:
    """Return the ends between which all intervals on record of each claim's quantity lie.

    Args:
        surveys: what the last commit claims.
        records: the runs of each experiment.
    """
    ends_of = {}
    for name, experiment in surveys.items():
        for id_, claim in experiment["claims"].items():
            runs = records.get(name, [])
            keys = [(run, run.key_of(id_, claim["quantity"])) for run in runs]
            values = [estimate_from_json(run.values[key]) for run, key in keys if key is not None]
            ends = [(value.low, value.high) for value in values if isfinite(value.half_width)]
            if ends:
                ends_of[id_] = min(low for low, _ in ends), max(high for _, high in ends)
    return ends_of


def origins(history: History, progress: ProgressBar) -> dict[str, dict[str, Origin]]:
    """Derive where each claim that has a number comes from.

    Args:
        history: of the project.
        progress: see ``ProgressBar``.

    Returns:
        By the experiment's name and the claim's id.

    Raises:
        StudyError: if the code of the last commit does not run.
    """
    surveys = history.surveys(progress)
    records, texts = history.records(), history.texts()
    changes_of = last_changes(history, surveys, reaches(surveys[history.head], records))
    trials = json.loads((history.root / TRIALS).read_text(encoding="utf-8"))
    unattributed = [
        item["quote"] for item in trials if not item["claims"] and not item["experiments"]
    ]
    by_name: dict[str, dict[str, Origin]] = {}
    for name, experiment in surveys[history.head].items():
        runs = records.get(name, [])
        measuring = [(run, surveys.get(run.made_from, {})) for run in runs]
        for claim, state in states_of({name: experiment}).items():
            if not runs or state.quantity not in runs[-1].values:
                continue
            changes = changes_of[history.head][claim]
            judging = changes_of.get(runs[-1].made_from, {}).get(claim, changes)
            dates = judging | {part: changes[part] for part in DECIDED_BEFORE}
            quotes = [
                item["quote"]
                for item in trials
                if claim in item["claims"] or name in item["experiments"]
            ]
            remarks = trials_in(texts.get(name, {}).get(claim, []))
            by_name.setdefault(name, {})[claim] = Origin(
                band=Band(*state.band),
                changed={part: history.change(dates[part]) for part in PARTS},
                runs=tuple(recorded_runs(history, measuring, claim, state, changes)),
                trials=(
                    *quotes,
                    *(
                        remark
                        for remark in remarks
                        if not any(quote in remark for quote in unattributed)
                    ),
                ),
            )
    return by_name


def recorded_runs(
    history: History,
    runs: Sequence[tuple[Record, Surveys]],
    claim: str,
    state: State,
    changes: Mapping[Part, str],
) -> list[RecordedRun]:
    """List the runs of a claim's quantity, and what of the claim was changed after each.

    Args:
        history: the commits.
        runs: of its experiment, each with what the commit that it was made from claimed; the one
            that judges last.
        claim: its id.
        state: what it is now.
        changes: the commits that last changed its parts.
    """
    holding = [(run, run.key_of(claim, state.quantity), surveys) for run, surveys in runs]
    holders = [(run, run.numbers(key, surveys)) for run, key, surveys in holding if key is not None]
    rows: list[RecordedRun] = []
    changed_parts: set[Part] = set()  # what was changed between a run and the one that judges
    for at in reversed(range(len(holders))):
        run, numbers = holders[at]
        if at + 1 < len(holders):
            successor, successor_numbers = holders[at + 1]
            changed_parts |= {
                *parts_changed(numbers, successor_numbers, same_draws=run.same_draws(successor))
            }
        late_parts = {
            part for part in DECIDED_BEFORE if not history.holds(run.made_from, changes[part])
        }
        value = run.values[numbers.key]
        rows.append(
            RecordedRun(
                run.made_from,
                run.recorded,
                history.commits[run.recorded].date,
                value["mean"],
                value["half_width"],
                value["draws"],
                tuple(part for part in PARTS if part in changed_parts | late_parts),
            )
        )
    return rows[::-1]
