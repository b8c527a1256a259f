"""Reads from the project's history where the band of each claim came from.

Every commit is surveyed once, in a checkout and an interpreter of its own (:mod:`study.survey`);
what that finds is kept in ``outputs/.surveys``. Runs are found by their ``provenance.json``, in
whatever folder it lay. The rule is that of :mod:`study.record.origins`.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from csv import DictReader
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias
from zipfile import ZipFile

from study import survey
from study.errors import StudyError
from study.record.claims import Band
from study.record.origins import (
    PARTS,
    Change,
    Measured,
    Numbers,
    Origin,
    Part,
    State,
    alike,
    parts_changed,
    trials_in,
)

GIT = shutil.which("git") or "git"
REFERENCE = "outputs/reference"
TRIALS = f"{REFERENCE}/trials.json"
"""What the changelog tells of trial runs: quotations, each with the claims that it speaks of."""

Surveys: TypeAlias = Mapping[str, Mapping[str, Any]]
Progress: TypeAlias = Callable[[int, Iterable[str]], Iterable[str]]


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
class RunOnRecord:
    """A run that some commit recorded, with the files of its folder as they were there."""

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

    def key_of(self, claim: str, key: str) -> str | None:
        """Return the key under which it holds the claim's quantity; None if it has no number of it.

        Args:
            claim: the claim's id.
            key: what the claim reads now.
        """
        judged = json.loads(self.files.get("claims.json", "[]"))
        then = [item["quantity"] for item in judged if item["id"] == claim]
        return next((known for known in (key, *then) if known in self.values), None)

    def same_draws(self, other: "RunOnRecord") -> bool:
        """Tell whether both drew the same random numbers.

        They did if they have the same seed and anything that varies over the draws is the same in
        both; with the same seed numbers may still differ, as the way of drawing was changed once.
        """
        if self.settings["seed"] != other.settings["seed"]:
            return False
        pairs = list(zip(self.samples, other.samples, strict=False))
        for key in self.samples[0].keys() & other.samples[0].keys() - {"draw"}:
            mine, theirs = ([float(rows[at][key]) for rows in pairs] for at in (0, 1))
            spread = max(mine) - min(mine)
            if spread > max(0.01 * abs(max(mine)), 1e-4) and alike(mine, theirs):
                return True
        return False

    def numbers(self, key: str, method: str) -> Numbers:
        """Return what it holds of a quantity."""
        value = self.values[key]
        exact = value["draws"] == 0
        numbers = [value["mean"]] if exact else [float(row[key]) for row in self.samples]
        return Numbers(key, self.settings, method, tuple(map(float, numbers)), exact)


class History:
    """The commits of a project, what each claimed, and the runs that it recorded.

    Args:
        root: the project's folder, in a git repository with all its history.

    Raises:
        StudyError: if there is no such history.
    """

    def __init__(self, root: Path) -> None:
        """Read the commits."""
        self.root = root
        if self.git("rev-parse", "--is-shallow-repository").strip() != "false":
            raise StudyError(f"{root}: the history is cut off; git fetch --unshallow fetches it")
        self.commits: dict[str, Commit] = {}
        lines = self.git("log", "--topo-order", "--reverse", "--format=%H|%P|%cs").splitlines()
        for at, line in enumerate(lines):
            id_, parents, date = line.split("|")
            known = [parent for parent in parents.split() if parent in self.commits]
            ancestors = 1 << at
            for parent in known:
                ancestors |= self.commits[parent].ancestors
            self.commits[id_] = Commit(id_, tuple(known), date, ancestors)

    def git(self, *words: str, told: str = "") -> str:
        """Return what git prints.

        Args:
            words: the command line.
            told: what it reads.
        """
        return self._git(*words, told=told).decode()

    def _git(self, *words: str, told: str = "") -> bytes:
        command = [GIT, "-C", str(self.root), *words]
        done = subprocess.run(command, input=told.encode(), capture_output=True, check=False)  # noqa: S603 - git
        if done.returncode:
            raise StudyError(f"git {words[0]}: {done.stderr.decode().strip()}")
        return done.stdout

    def change(self, commit: str) -> Change:
        """Return a commit as a change."""
        return Change(commit, self.commits[commit].date)

    def holds(self, commit: str, ancestor: str) -> bool:
        """Tell whether a commit is another or comes after it; none that is unknown does."""
        if commit not in self.commits:
            return False
        mine, theirs = self.commits[commit].ancestors, self.commits[ancestor].ancestors
        return mine & theirs == theirs

    # What each commit claimed -------------------------------------------------------------------

    @cached_property
    def trees(self) -> dict[str, str]:
        """For each commit, a name of the code and the settings that it holds."""
        wanted = [f"{commit}:{folder}" for commit in self.commits for folder in survey.FOLDERS]
        found = self.git(
            "cat-file", "--batch-check=%(objectname)", told="\n".join(wanted)
        ).splitlines()
        names = [line.split()[0][:16] if "missing" not in line else "none" for line in found]
        size = len(survey.FOLDERS)
        return {
            commit: "-".join(names[at * size : (at + 1) * size])
            for at, commit in enumerate(self.commits)
        }

    def surveys(self, progress: Progress) -> dict[str, Surveys]:
        """Survey each state of the code once.

        Args:
            progress: is given how many states there are, and shows how far they are.

        Returns:
            For each commit what it claimed; for one whose code does not run, what its first parent
            did.
        """
        folder = self.root / "outputs" / ".surveys"
        folder.mkdir(parents=True, exist_ok=True)
        first = {tree: commit for commit, tree in reversed(self.trees.items())}
        missing = [tree for tree in first if not (folder / f"{tree}.json").is_file()]
        with ThreadPoolExecutor(os.cpu_count()) as pool:

            def kept(tree: str) -> str:
                text = self._surveyed(first[tree])
                (folder / f"{tree}.json").write_text(text, encoding="utf-8")
                return tree

            for _ in progress(len(missing), pool.map(kept, missing)):
                pass
        known = {tree: json.loads((folder / f"{tree}.json").read_text("utf-8")) for tree in first}
        found: dict[str, Surveys] = {}
        for commit in self.commits.values():
            inherited = found[commit.parents[0]] if commit.parents else {}
            found[commit.id] = known[self.trees[commit.id]] or inherited
        return found

    def _surveyed(self, commit: str) -> str:
        """Survey a commit in its own interpreter; an empty answer if its code does not run."""
        with tempfile.TemporaryDirectory() as folder:
            archive = self._git("archive", "--format=zip", commit, *survey.FOLDERS)
            with ZipFile(io.BytesIO(archive)) as files:
                files.extractall(folder)
            done = subprocess.run(  # noqa: S603 - this interpreter, and code of this project
                [sys.executable, "-c", Path(survey.__file__).read_text(encoding="utf-8")],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )
        return done.stdout if done.returncode == 0 else "{}"

    # What each commit recorded ------------------------------------------------------------------

    def runs(self) -> dict[str, list[RunOnRecord]]:
        """Return the runs of each experiment, in the order in which commits recorded them.

        Numbers that were stored anew for the same run, with more digits, take the place of the old.
        """
        first: dict[tuple[str, str], str] = {}
        latest: dict[tuple[str, str], dict[str, str]] = {}
        for commit in self.commits:
            for folder, files in self._reference_folders(commit):
                mark = (folder.name, files["provenance.json"])
                first.setdefault(mark, commit)
                latest[mark] = files
        found: dict[str, list[RunOnRecord]] = {}
        for (name, blob), commit in first.items():
            blobs = latest[name, blob].items()
            texts = {file: self.git("cat-file", "blob", one) for file, one in blobs}
            found.setdefault(name, []).append(RunOnRecord(name, commit, texts))
        return found

    def _reference_folders(self, commit: str) -> Iterator[tuple[PurePosixPath, dict[str, str]]]:
        """Yield the folders of reference runs with the names and blobs of their numbers."""
        folders: dict[PurePosixPath, dict[str, str]] = {}
        for line in self.git("ls-tree", "-r", commit, "--", REFERENCE).splitlines():
            (_, _, blob), path = line.split("\t")[0].split(), PurePosixPath(line.split("\t")[1])
            if path.name in {"provenance.json", "values.json", "config.json", "claims.json"} or (
                path.name == "samples.csv"
            ):
                folders.setdefault(path.parent, {})[path.name] = blob
        yield from ((at, files) for at, files in folders.items() if "provenance.json" in files)


def last_changes(history: History, surveys: Mapping[str, Surveys]) -> dict[str, dict[Part, str]]:
    """Find the commit that last changed each part of each claim.

    Args:
        history: the commits.
        surveys: what each of them claimed.

    Returns:
        By the claim's id, the commits by part, for the claims of the last commit. Where branches
        meet, a part is as old as in the branch that has it as it is after the merge.
    """
    since: dict[str, dict[str, dict[Part, str]]] = {}
    states: dict[str, dict[str, State]] = {}
    for commit in history.commits.values():
        now = states_of(surveys[commit.id])
        before = [(states[parent], since[parent]) for parent in commit.parents]
        states[commit.id] = now
        since[commit.id] = {
            claim: {
                part: next(
                    (
                        old[claim][part]
                        for theirs, old in before
                        if claim in theirs and state.same(theirs[claim], part)
                    ),
                    commit.id,
                )
                for part in PARTS
            }
            for claim, state in now.items()
        }
    return since[next(reversed(history.commits))]


def states_of(surveyed: Surveys) -> dict[str, State]:
    """Return the claims that a survey found, by id."""
    return {
        id_: State(tuple(claim["band"]), claim["quantity"], found["method"], found["settings"])
        for found in surveyed.values()
        for id_, claim in found["claims"].items()
    }


def origins(root: Path, progress: Progress) -> dict[str, dict[str, Origin]]:
    """Derive where each claim with a reference comes from.

    Args:
        root: the project's folder.
        progress: is given how much there is to do, and shows how far it is.

    Returns:
        By the experiment's name and the claim's id.
    """
    history = History(root)
    surveys = history.surveys(progress)
    changes, runs = last_changes(history, surveys), history.runs()
    last = next(reversed(history.commits))
    told = json.loads((root / TRIALS).read_text(encoding="utf-8"))
    methods = {
        commit: {name: found["method"] for name, found in surveyed.items()}
        for commit, surveyed in surveys.items()
    }
    found: dict[str, dict[str, Origin]] = {}
    for name, surveyed in surveys[last].items():
        if name not in runs:
            continue
        judged = {item["id"]: item for item in json.loads(runs[name][-1].files["claims.json"])}
        found[name] = {
            claim: Origin(
                band=Band(*read["band"]),
                changed={part: history.change(commit) for part, commit in changes[claim].items()},
                runs=measured(
                    history, runs[name], claim, read["quantity"], changes[claim], methods
                ),
                trials=(
                    *(item["quote"] for item in told if claim in item["claims"]),
                    *trials_in(
                        judged[claim][field]
                        for field in ("reason", "departure", "remark")
                        if claim in judged
                    ),
                ),
            )
            for claim, read in surveyed["claims"].items()
        }
    return found


def measured(  # noqa: PLR0913, PLR0917 - a claim and all that is known of its past
    history: History,
    runs: Sequence[RunOnRecord],
    claim: str,
    key: str,
    changes: Mapping[Part, str],
    methods: Mapping[str, Mapping[str, str]],
) -> tuple[Measured, ...]:
    """List the runs of a claim's quantity, and what of the claim was changed after each.

    Args:
        history: the commits.
        runs: of its experiment, the one that judges last.
        claim: its id.
        key: what it reads.
        changes: the commits that last changed its parts.
        methods: by commit and experiment, the digest of the code that measures.
    """
    known = [(run, then) for run in runs if (then := run.key_of(claim, key)) is not None]
    numbers = [
        run.numbers(then, methods.get(run.made_from, {}).get(run.name, "")) for run, then in known
    ]
    found: list[Measured] = []
    since: set[Part] = set()  # what was changed between a run and the one that judges
    for at in reversed(range(len(known))):
        run, then = known[at]
        if at + 1 < len(known):
            later = known[at + 1][0]
            since |= {
                *parts_changed(numbers[at], numbers[at + 1], same_draws=run.same_draws(later))
            }
        late = set() if history.holds(run.made_from, changes["band"]) else {"band"}
        value = run.values[then]
        found.append(
            Measured(
                run.made_from,
                run.recorded,
                history.commits[run.recorded].date,
                value["mean"],
                value["half_width"],
                value["draws"],
                tuple(part for part in PARTS if part in since | late),
            )
        )
    return tuple(reversed(found))
