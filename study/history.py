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
import shutil
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
GIT = shutil.which("git") or "git"
CODE = ("study", "conf")
"""What of a commit is surveyed."""
REFERENCE = "outputs/reference"
FILES = {"provenance.json", "values.json", "config.json", "claims.json", "samples.csv"}
"""What of a recorded run is read."""
TRIALS = f"{REFERENCE}/trials.json"
"""Quotations of what the changelog and the chapters tell of trial runs, each with the claims or the
experiments whose numbers it speaks of, and none where it speaks of other numbers."""

Surveys: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What a survey finds, by the experiment's name."""
Progress: TypeAlias = Callable[[int, Iterable[str]], Iterable[str]]
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
        judged = json.loads(self.files.get("claims.json", "[]"))
        return {item["id"]: item["quantity"] for item in judged}

    def key_of(self, claim: str, key: str) -> str | None:
        """Return the key under which it holds the claim's quantity; None if it has no number of it.

        Args:
            claim: the claim's id.
            key: what the claim reads now.
        """
        then = self.quantities.get(claim)
        return next((known for known in (key, then) if known in self.values), None)

    def same_draws(self, other: "Record") -> bool:
        """Tell whether both drew the same random numbers.

        They did if they have the same seed and anything that varies over the draws is the same in
        both; with the same seed numbers may still differ, as the way of drawing was changed once.
        """
        if self.settings["seed"] != other.settings["seed"] or not (self.samples and other.samples):
            return False
        for key in self.samples[0].keys() & other.samples[0].keys() - {"draw"}:
            mine, theirs = self.column(key), other.column(key)
            common = mine[: len(theirs)]
            spread, size = max(common) - min(common), max(map(abs, common))
            if spread > max(0.01 * size, 1e-4) and alike(mine, theirs):
                return True
        return False

    def numbers(self, key: str, surveyed: Surveys) -> Numbers:
        """Return what it holds of a quantity.

        Args:
            key: of the quantity.
            surveyed: what the commit that it was made from claimed.
        """
        value = estimate_from_json(self.values[key])
        numbers = () if value.exact else tuple(self.column(key))
        code = surveyed.get(self.name, {})
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
        changed = self.git("status", "--porcelain", "--", *CODE, REFERENCE).splitlines()
        if loose := [line[3:] for line in changed if not line.endswith("origins.json")]:
            raise StudyError(f"origins: commit {', '.join(loose[:3])} first; only commits count")
        self.commits: dict[str, Commit] = {}
        lines = self.git("log", "--topo-order", "--reverse", "--format=%H|%P|%cs").splitlines()
        for at, line in enumerate(lines):
            id_, parents, date = line.split("|")
            known = [parent for parent in parents.split() if parent in self.commits]
            ancestors = 1 << at
            for parent in known:
                ancestors |= self.commits[parent].ancestors
            self.commits[id_] = Commit(id_, tuple(known), date, ancestors)
        self.head = next(reversed(self.commits))

    def git(self, *words: str, stdin: str = "") -> str:
        """Return what git prints.

        Args:
            words: the command line.
            stdin: what it reads.
        """
        return self._git(*words, stdin=stdin).decode()

    def _git(self, *words: str, stdin: str = "") -> bytes:
        command = [GIT, "-C", str(self.root), *words]
        try:
            done = subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)  # noqa: S603 - git
        except OSError as error:
            raise StudyError(f"git: {error.strerror}") from None
        if done.returncode:
            raise StudyError(f"git {words[0]}: {done.stderr.decode().strip()}")
        return done.stdout

    def change(self, commit: str) -> Change:
        """Return a commit as a change."""
        return Change(commit, self.commits[commit].date)

    def holds(self, commit: str, ancestor: str) -> bool:
        """Tell whether a commit is another or comes after it; an unknown one does not."""
        if commit not in self.commits:
            return False
        mine, theirs = self.commits[commit].ancestors, self.commits[ancestor].ancestors
        return mine & theirs == theirs

    # What each commit claimed -------------------------------------------------------------------

    @cached_property
    def trees(self) -> dict[str, str]:
        """For each commit, a name of the code and the settings that it holds."""
        wanted = [f"{commit}:{folder}" for commit in self.commits for folder in CODE]
        lines = self.git("cat-file", "--batch-check=%(objectname)", stdin="\n".join(wanted))
        names = [
            "none" if "missing" in line else line.split()[0][:16] for line in lines.splitlines()
        ]
        size = len(CODE)
        return {
            commit: "-".join(names[at * size : (at + 1) * size])
            for at, commit in enumerate(self.commits)
        }

    def surveys(self, progress: Progress) -> dict[str, Surveys]:
        """Survey each state of the code once.

        Args:
            progress: see ``Progress``.

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
        missing = [tree for tree in first if not (folder / f"{tree}.json").is_file()]

        def kept(tree: str) -> str:
            found, problem = self._surveyed(first[tree])
            if found is not None:
                write_text(folder / f"{tree}.json", json.dumps(found))
            elif tree == self.trees[self.head]:
                raise StudyError(f"{self.head[:12]}: its code does not run: {problem}")
            return tree

        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            for _ in progress(len(missing), pool.map(kept, missing)):
                pass
        finally:  # an interrupt does not wait for what has not begun
            pool.shutdown(cancel_futures=True)
        known = {
            tree: json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
            for tree in first
            for path in [folder / f"{tree}.json"]
        }
        found: dict[str, Surveys] = {}
        for commit in self.commits.values():
            inherited = found[commit.parents[0]] if commit.parents else {}
            own = known[self.trees[commit.id]]
            found[commit.id] = inherited if own is None else own
        return found

    def _surveyed(self, commit: str) -> tuple[Surveys | None, str]:
        """Survey a commit in its own interpreter; return what it found, or why it found nothing."""
        with tempfile.TemporaryDirectory() as folder:
            with ZipFile(io.BytesIO(self._git("archive", "--format=zip", commit, *CODE))) as files:
                files.extractall(folder)
            done = subprocess.run(  # noqa: S603 - this interpreter, and code of this project
                [sys.executable, "-c", Path(survey.__file__).read_text(encoding="utf-8")],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": folder},
            )
            if done.returncode:
                return None, (done.stderr.strip().splitlines() or ["no error"])[-1]
            found = json.loads(done.stdout)
            for one in found.values():
                code = provenance.code(one["module"], Path(folder))
                one["method"] = digest(text for at, text in code if at == one["module"])
                one["shared"] = digest(text for at, text in code if at != one["module"])
            return found, ""

    # What each commit recorded ------------------------------------------------------------------

    @cached_property
    def _references(self) -> dict[str, dict[str, dict[str, str]]]:
        """For each commit the reference folders, and the names and blobs of their numbers."""
        return {commit: dict(self._reference_folders(commit)) for commit in self.commits}

    def records(self) -> dict[str, list[Record]]:
        """Return the runs of each experiment, in the order in which commits recorded them.

        The last one is that of the last commit. Numbers that were stored anew for the same run,
        with more digits, take the place of the old.
        """
        first: dict[tuple[str, str], str] = {}
        latest: dict[tuple[str, str], dict[str, str]] = {}
        for commit, folders in self._references.items():
            for name, files in folders.items():
                mark = (name, files["provenance.json"])
                first.setdefault(mark, commit)
                latest[mark] = files
        now = {(n, files["provenance.json"]) for n, files in self._references[self.head].items()}
        found: dict[str, list[Record]] = {}
        for name, blob in sorted(first, key=lambda mark: mark in now):
            texts = {file: self._blob(one) for file, one in latest[name, blob].items()}
            found.setdefault(name, []).append(Record(name, first[name, blob], texts))
        return found

    def texts(self) -> dict[str, Texts]:
        """Return, by experiment, all that its claims ever said of themselves."""
        blobs = {
            (name, files["claims.json"]): None
            for folders in self._references.values()
            for name, files in folders.items()
            if "claims.json" in files
        }
        found: dict[str, Texts] = {}
        for name, blob in blobs:
            for item in json.loads(self._blob(blob)):
                said = [item.get(field) or "" for field in ("reason", "departure", "remark")]
                found.setdefault(name, {}).setdefault(item["id"], []).extend(said)
        return found

    def _blob(self, blob: str) -> str:
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
    since: dict[str, dict[str, dict[Part, str]]] = {}
    states: dict[str, dict[str, State]] = {}
    for commit in history.commits.values():
        states[commit.id] = states_of(surveys[commit.id], reach)
        since[commit.id] = {
            claim: {
                part: next(
                    (
                        since[parent][claim][part]
                        for parent in commit.parents
                        if claim in states[parent] and state.same(states[parent][claim], part)
                    ),
                    commit.id,
                )
                for part in PARTS
            }
            for claim, state in states[commit.id].items()
        }
    return since


def states_of(
    surveyed: Surveys, reach: Mapping[str, tuple[float, float]] = MappingProxyType({})
) -> dict[str, State]:
    """Return the claims that a survey found, by id.

    Args:
        surveyed: what it found.
        reach: of each claim's quantity, as :class:`study.record.origins.State` has it.
    """
    return {
        id_: State(
            tuple(claim["band"]),
            claim["quantity"],
            found["method"],
            found["settings"],
            reach.get(id_, (-inf, inf)),
        )
        for found in surveyed.values()
        for id_, claim in found["claims"].items()
    }


def reaches(
    surveyed: Surveys, records: Mapping[str, Sequence[Record]]
) -> dict[str, tuple[float, float]]:
    """Return the ends between which all intervals on record of each claim's quantity lie.

    Args:
        surveyed: what the last commit claims.
        records: the runs of each experiment.
    """
    found = {}
    for name, one in surveyed.items():
        for id_, claim in one["claims"].items():
            runs = records.get(name, [])
            keys = [(run, run.key_of(id_, claim["quantity"])) for run in runs]
            values = [estimate_from_json(run.values[key]) for run, key in keys if key is not None]
            ends = [(value.low, value.high) for value in values if isfinite(value.half_width)]
            if ends:
                found[id_] = min(low for low, _ in ends), max(high for _, high in ends)
    return found


def origins(root: Path, progress: Progress) -> dict[str, dict[str, Origin]]:
    """Derive where each claim that has a number comes from.

    Args:
        root: the project's folder.
        progress: see ``Progress``.

    Returns:
        By the experiment's name and the claim's id.

    Raises:
        StudyError: if the history is not here, or the code of the last commit does not run.
    """
    history = History(root)
    surveys = history.surveys(progress)
    records, texts = history.records(), history.texts()
    since = last_changes(history, surveys, reaches(surveys[history.head], records))
    told = json.loads((root / TRIALS).read_text(encoding="utf-8"))
    apart = [item["quote"] for item in told if not item["claims"] and not item["experiments"]]
    found: dict[str, dict[str, Origin]] = {}
    for name, surveyed in surveys[history.head].items():
        runs = records.get(name, [])
        measuring = [(run, surveys.get(run.made_from, {})) for run in runs]
        for claim, state in states_of({name: surveyed}).items():
            if not runs or state.quantity not in runs[-1].values:
                continue
            changes = since[history.head][claim]
            judging = since.get(runs[-1].made_from, {}).get(claim, changes)
            dates = judging | {part: changes[part] for part in DECIDED_BEFORE}
            quoted = [
                item["quote"]
                for item in told
                if claim in item["claims"] or name in item["experiments"]
            ]
            said = trials_in(texts.get(name, {}).get(claim, []))
            found.setdefault(name, {})[claim] = Origin(
                band=Band(*state.band),
                changed={part: history.change(dates[part]) for part in PARTS},
                runs=tuple(recorded_runs(history, measuring, claim, state, changes)),
                trials=(
                    *quoted,
                    *(one for one in said if not any(quote in one for quote in apart)),
                ),
            )
    return found


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
    holding = [(run, run.key_of(claim, state.quantity), surveyed) for run, surveyed in runs]
    known = [(run, run.numbers(key, of)) for run, key, of in holding if key is not None]
    found: list[RecordedRun] = []
    since: set[Part] = set()  # what was changed between a run and the one that judges
    for at in reversed(range(len(known))):
        run, numbers = known[at]
        if at + 1 < len(known):
            later, theirs = known[at + 1]
            since |= {*parts_changed(numbers, theirs, same_draws=run.same_draws(later))}
        late = {part for part in DECIDED_BEFORE if not history.holds(run.made_from, changes[part])}
        value = run.values[numbers.key]
        found.append(
            RecordedRun(
                run.made_from,
                run.recorded,
                history.commits[run.recorded].date,
                value["mean"],
                value["half_width"],
                value["draws"],
                tuple(part for part in PARTS if part in since | late),
            )
        )
    return found[::-1]
