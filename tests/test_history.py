"""The history of a toy study, and that of this one."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from study import catalogue, history, verdict_history
from study.errors import StudyError
from study.record.claims import band_from_json
from study.record.origins import PARTS, Origin
from study.record.results import Run, read_if_there, read_run

ROOT = Path(catalogue.__file__).parents[1]
REFERENCE = ROOT / "outputs" / "reference"
ORIGINS = "origins.json"

# A toy study -------------------------------------------------------------------------------------

CATALOGUE = """
from importlib import import_module

def names():
    return ["toys"]

def load(name):
    return import_module(module(name)).EXPERIMENT

def module(name):
    return "study.{place}"
"""
CONFIGURING = """
import json
from pathlib import Path

def plain_settings(name, scale):
    return json.loads(Path("conf", "toys.json").read_text())
"""
EXPERIMENT = """
from types import SimpleNamespace as Record

class Config:
    pass

def run():
    return {code}  # {comment}

CLAIM = Record(id="toy-claim", quantity="{quantity}", band=Record(low=0.0, high={high}))
EXPERIMENT = Record(run=run, claims=(CLAIM,))
"""


GIT_ALONE = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""An environment in which git does not ask a reader's own settings."""


class Toys:
    """A toy study in a git repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = "toys"
        self.settings: dict[str, Any] = {}
        self.git("init", "-q")
        self.write("outputs/reference/trials.json", "[]")

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.root), "-c", "user.name=A", "-c", "user.email=a@b", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=GIT_ALONE)
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "Go on")
        return self.git("rev-parse", "HEAD")

    def code(  # noqa: PLR0913 - each is one thing that a commit may change
        self,
        *,
        high: float = 1.0,
        code: str = "1",
        comment: str = "one",
        quantity: str = "toy",
        width: int = 8,
        seed: int = 1,
    ) -> str:
        text = EXPERIMENT.format(code=code, comment=comment, quantity=quantity, high=high)
        self.write("study/__init__.py", "")
        self.write("study/catalogue.py", CATALOGUE.format(place=self.place))
        self.write("study/configuring.py", CONFIGURING)
        self.write("study/lab/mnist.py", "def load():\n    pass\n")
        self.write(f"study/{self.place.replace('.', '/')}.py", text)
        self.write("conf/toys.json", json.dumps({"seed": seed, "draws": 2, "width": width}))
        self.settings = {"name": "toys", "seed": seed, "draws": 2, "width": width}
        return self.commit()

    def record(
        self,
        made_from: str,
        numbers: tuple[float, float],
        *,
        key: str = "toy",
        place: str = "toys",
        reason: str = "Any.",
    ) -> str:
        mean = sum(numbers) / 2
        value = {"mean": mean, "half_width": 0.1, "draws": 2}
        claim = {"id": "toy-claim", "quantity": key, "value": value}
        claim |= {"reason": reason, "departure": "None.", "remark": "None."}
        seed = self.settings["seed"]
        rows = "".join(f"{draw},{number},{seed + draw}\n" for draw, number in enumerate(numbers))
        for name, text in (
            ("provenance.json", json.dumps({"commit": made_from})),
            ("config.json", json.dumps({"experiment": self.settings})),
            ("values.json", json.dumps({key: value, "drawn": value})),
            ("claims.json", json.dumps([claim])),
            ("samples.csv", f"draw,{key},drawn\n{rows}"),
        ):
            self.write(f"outputs/reference/{place}/{name}", text)
        return self.commit()

    def judge(self, verdict: str, high: float | None) -> str:
        """Let the claim be judged with a band up to a number, or without one."""
        band = {"band": {"low": None, "high": high}}
        claim = {"id": "toy-claim", "verdict": verdict} | (band if high else {})
        self.write("outputs/reference/toys/claims.json", json.dumps([claim]))
        self.write("outputs/reference/toys/provenance.json", "{}")
        return self.commit()

    def origin(self) -> Origin:
        return history.origins(history.History(self.root), quietly)["toys"]["toy-claim"]


def quietly(total: int, done: Iterable[str]) -> Iterable[str]:
    assert total >= 0
    return done


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    if not shutil.which("git"):
        pytest.skip("there is no git here")
    return Toys(tmp_path)


def test_a_band_that_was_committed_before_the_run_came_first(toys: Toys) -> None:
    code = toys.code()
    recorded = toys.record(code, (0.4, 0.6))
    toys.write("README.md", "Toys.")
    toys.commit()
    origin = toys.origin()
    assert not origin.exploratory
    assert {part: change.commit for part, change in origin.changed.items()} == dict.fromkeys(
        PARTS, code
    )
    assert (origin.band.low, origin.band.high) == (0.0, 1.0)
    (run,) = origin.runs
    assert (run.made_from, run.recorded, run.mean, run.precedes) == (code, recorded, 0.5, ())


def test_a_band_that_was_moved_after_the_run_came_last(toys: Toys) -> None:
    recorded = toys.record(toys.code(), (0.4, 0.6))
    moved = toys.code(high=2.0)
    origin = toys.origin()
    assert origin.exploratory
    assert origin.changed["band"].commit == moved
    assert origin.runs[0].recorded == recorded
    assert [run.precedes for run in origin.runs] == [("band",)]


def test_new_seeds_do_not_lift_it(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.record(toys.code(high=2.0, seed=2), (0.5, 0.7))
    origin = toys.origin()
    assert origin.exploratory
    assert [run.precedes for run in origin.runs] == [("band",), ()]


@pytest.mark.parametrize("change", [{"code": "2"}, {"width": 9}, {"code": "2", "width": 9}])
def test_another_measure_or_setting_makes_it_exploratory_unless_the_numbers_stay(
    toys: Toys, change: dict[str, Any]
) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.record(toys.code(**change), (0.5, 0.7))
    parts = tuple({"code": "method", "width": "settings"}[field] for field in change)
    assert [run.precedes for run in toys.origin().runs] == [parts, ()]
    # The first numbers come back, with nothing changed that the study itself can see.
    toys.record(toys.code(**change, comment="same draws"), (0.4, 0.6))
    seen = [run.precedes for run in toys.origin().runs]
    assert seen == [tuple(part for part in PARTS if part in {*parts, "method"}), ("method",), ()]


def test_a_comment_or_a_run_once_more_is_no_change(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.record(toys.code(comment="first", seed=2), (0.5, 0.7))
    assert not toys.origin().exploratory


def test_a_claim_that_reads_another_quantity_has_seen_the_first(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.record(toys.code(quantity="other"), (0.4, 0.6), key="other")
    assert [run.precedes for run in toys.origin().runs] == [("quantity",), ()]


def test_what_was_moved_keeps_its_past(toys: Toys) -> None:
    code = toys.code()
    toys.record(code, (0.4, 0.6))
    toys.place = "group.toys"
    toys.write("study/group/__init__.py", "")
    toys.git("rm", "-q", "-r", "outputs/reference/toys", "study/toys.py")
    toys.code()
    toys.record(code, (0.4, 0.6), place="group/toys")
    origin = toys.origin()
    assert not origin.exploratory
    assert origin.changed["band"].commit == code
    assert len(origin.runs) == 1


def test_of_two_branches_the_one_that_was_merged_counts(toys: Toys) -> None:
    base = toys.code()
    branch = toys.git("rev-parse", "--abbrev-ref", "HEAD")
    toys.git("checkout", "-q", "-b", "other")
    toys.record(base, (0.4, 0.6))
    toys.git("checkout", "-q", branch)
    moved = toys.code(high=2.0)
    toys.git("merge", "-q", "--no-edit", "other")
    origin = toys.origin()
    # The run knew nothing of the new band, and nobody can tell whether the band knew of the run.
    assert origin.changed["band"].commit == moved
    assert [run.precedes for run in origin.runs] == [("band",)]


def test_a_commit_that_does_not_run_is_passed_over(toys: Toys) -> None:
    code = toys.code()
    toys.write("study/toys.py", "broken(")
    toys.commit()
    toys.record(toys.code(), (0.4, 0.6))
    assert toys.origin().changed["band"].commit == code


def test_another_quantity_without_another_run_has_seen_the_number(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.code(quantity="drawn")
    assert [run.precedes for run in toys.origin().runs] == [("quantity",)]


def test_a_run_from_a_commit_that_nobody_knows_cannot_have_had_the_band(toys: Toys) -> None:
    toys.code()
    toys.record("f" * 40, (0.4, 0.6))
    assert [run.precedes for run in toys.origin().runs] == [("band", "quantity")]


def test_the_run_that_judges_is_that_of_the_last_commit(toys: Toys) -> None:
    first, second = toys.code(), toys.code(seed=2)
    toys.record(first, (0.4, 0.6))
    toys.record(second, (0.5, 0.7))
    toys.code()
    toys.record(first, (0.4, 0.6))
    assert [run.made_from for run in toys.origin().runs] == [second, first]


def test_code_that_was_tidied_after_the_run_has_no_date_on_the_card(toys: Toys) -> None:
    code = toys.code()
    toys.record(code, (0.4, 0.6))
    toys.code(code="2")
    origin = toys.origin()
    assert origin.changed["method"].commit == code
    assert not origin.exploratory


def test_a_claim_without_a_number_has_no_origin(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.code(quantity="unseen")
    assert history.origins(history.History(toys.root), quietly) == {}


def told(quote: str, **of: list[str]) -> str:
    entry = {"file": "CHANGELOG.md", "quote": quote, "claims": [], "experiments": []}
    return json.dumps([entry | of])


@pytest.mark.parametrize("of", [{"claims": ["toy-claim"]}, {"experiments": ["toys"]}])
def test_a_trial_that_the_changelog_tells_of_makes_it_exploratory(
    toys: Toys, of: dict[str, list[str]]
) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.write("outputs/reference/trials.json", told("Trials came first", **of))
    toys.commit()
    assert toys.origin().trials == ("Trials came first",)


def test_what_a_claim_once_told_of_trials_stays_on_record(toys: Toys) -> None:
    code = toys.code()
    toys.record(code, (0.4, 0.6), reason="Set after trials.")
    toys.record(code, (0.4, 0.6), reason="A round number.")
    assert toys.origin().trials == ("Set after trials.",)
    toys.write("outputs/reference/trials.json", told("after trials"))  # of another matter
    toys.commit()
    assert toys.origin().trials == ()


def test_what_is_not_committed_is_named(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.write("conf/toys.json", "{}")
    with pytest.raises(StudyError, match=r"origins: commit conf/toys.json first"):
        toys.origin()


def test_last_code_that_does_not_run_is_an_error_and_is_tried_again(toys: Toys) -> None:
    toys.record(toys.code(), (0.4, 0.6))
    toys.write("study/toys.py", "raise ValueError('broken')")
    toys.commit()
    for _ in range(2):
        with pytest.raises(StudyError, match="its code does not run: ValueError: broken"):
            toys.origin()


def test_a_folder_without_a_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="git rev-parse: "):
        history.origins(history.History(tmp_path), quietly)


def test_a_history_that_is_cut_off_is_refused(toys: Toys, tmp_path: Path) -> None:
    toys.code()
    toys.code(high=2.0)
    toys.git("clone", "-q", "--depth", "1", toys.root.as_uri(), str(tmp_path / "cut"))
    with pytest.raises(StudyError, match="the history is cut off"):
        history.origins(history.History(tmp_path / "cut"), quietly)


def test_verdicts_and_bands_are_told_as_often_as_they_became_others(toys: Toys) -> None:
    toys.code()
    judged = [("met", None), ("met", 1.0), ("not met", 1.0), ("not met", 1.0), ("met", 2.0)]
    commits = [toys.judge(*judgement) for judgement in judged]
    past = history.History(toys.root)
    steps = verdict_history.verdicts(past)["toy-claim"]
    assert [(step["commit"], step["verdict"]) for step in steps] == [
        (commits[0], "met"),
        (commits[2], "not met"),
        (commits[4], "met"),
    ]
    steps = verdict_history.bands(past)["toy-claim"]
    assert [(step["commit"], step["band"]) for step in steps] == [
        (commits[1], "≤ 1"),
        (commits[4], "≤ 2"),
    ]


def test_a_band_that_stayed_has_no_history(toys: Toys) -> None:
    toys.code()
    toys.judge("met", 1.0)
    assert verdict_history.bands(history.History(toys.root)) == {}


# This study --------------------------------------------------------------------------------------


def references() -> list[Run]:
    runs = (read_if_there(REFERENCE / catalogue.place(name)) for name in catalogue.names())
    return [run for run in runs if run]


def test_every_claim_says_what_came_first() -> None:
    stale = []
    for run in references():
        made = run.provenance["commit"]
        origins = run.origins
        claims = {item["id"]: item for item in run.judgements if item["value"] is not None}
        for id_, claim in claims.items():
            origin = origins.get(id_)
            if origin is None or not origin.runs or origin.runs[-1].made_from != made:
                stale.append(id_)
                continue
            value, judging = claim["value"], origin.runs[-1]
            band = band_from_json(claim["band"])
            same_band = [origin.band.low, origin.band.high] == pytest.approx(
                [band.low, band.high], rel=1e-9
            )
            same_value = (judging.mean, judging.half_width, judging.draws) == (
                value["mean"],
                value["half_width"],
                value["draws"],
            )
            if not same_band or not same_value:
                stale.append(id_)
        stale += sorted(set(origins) - set(claims))
    assert not stale, f"nox -s origins makes {ORIGINS} anew: {', '.join(stale)}"


def test_what_is_stored_as_exploratory_is_so_by_the_rule() -> None:
    for run in references():
        stored = json.loads((run.folder / ORIGINS).read_text(encoding="utf-8"))
        for id_, origin in run.origins.items():
            assert stored[id_]["exploratory"] == origin.exploratory
            assert set(origin.changed) == set(PARTS)
            hashes = [change.commit for change in origin.changed.values()]
            hashes += [commit for made in origin.runs for commit in (made.made_from, made.recorded)]
            assert all(re.fullmatch(r"[0-9a-f]{40}", commit) for commit in hashes), id_


# By hand from the changelog, the chapters and the claims, for what the rule must find.
KNOWN_TO_BE_EXPLORATORY = (
    "biases-shorten-the-plateau",
    "chaotic-fixed-cosine",
    "float16-overflow",
    "he-no-accuracy-advantage",
    "he-prelu-slopes-decrease",
    "he-sufficiency",
    "lsuv-thirty",
    "s003-scaled-w-mean",
    "s004-mse-squeeze",
    "saxe-gaussian-product",
    "sigmoid-depth-costs-time",
    "tanh-gain-hundred-layers",
    "truncated-corrected-starts",
    "vanilla-ten-thousand-gaussian-fails",
)
KNOWN_NOT_TO_BE = (
    "fan-in-weight-gradients",
    "he-eq8-eq9",
    "he-prelu-form",
    "s003-unscaled-x-deviation",
)


def test_known_cases_come_out_as_they_are_known() -> None:
    found = {id_: origin for run in references() for id_, origin in run.origins.items()}
    missed = [id_ for id_ in KNOWN_TO_BE_EXPLORATORY if not found[id_].exploratory]
    assert missed == []
    assert [id_ for id_ in KNOWN_NOT_TO_BE if found[id_].exploratory] == []


def trials() -> list[dict[str, Any]]:
    return list(json.loads((ROOT / history.TRIALS).read_text(encoding="utf-8")))


def plain(page: Path) -> str:
    """Return the text of a page without its links to the glossary."""
    return re.sub(r"\{term\}`([^`<]*?)(?: <[^`]*>)?`", r"\1", page.read_text(encoding="utf-8"))


def test_what_is_quoted_of_trials_stands_where_it_is_said_to_and_names_what_there_is() -> None:
    known = {item["id"] for run in references() for item in run.judgements}
    wrong = [
        entry["quote"]
        for entry in trials()
        if entry["quote"] not in plain(ROOT / entry["file"])
        or not set(entry["claims"]) <= known
        or not set(entry["experiments"]) <= set(catalogue.names())
        or bool(entry["claims"] or entry["experiments"]) == ("why" in entry)
    ]
    assert wrong == []


def test_no_sentence_on_trials_is_left_out() -> None:
    pages = [ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "chapters").glob("*.md"))]
    quotes = [entry["quote"] for entry in trials()]
    left_out = [
        f"{page.name}: {line[:80]}"
        for page in pages
        for line in plain(page).splitlines()
        if re.search(r"(?<!on )\b[Tt]rials?\b(?! of)", line)
        and not any(quote in line for quote in quotes)
    ]
    assert left_out == []


def in_history(commit: str) -> Callable[[str], str]:
    """Return what reads a file of a commit; skip where the history is not here."""
    git = shutil.which("git")
    command = [str(git), "-C", str(ROOT), "cat-file", "-e", f"{commit}^{{commit}}"]
    if not git or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("the history of the project is not here")

    def read(words: str) -> str:
        done = subprocess.run(
            [git, "-C", str(ROOT), *words.split()], capture_output=True, text=True, check=True
        )
        return done.stdout

    return read


def test_the_commit_that_a_reference_is_cited_with_is_in_the_history() -> None:
    runs = [read_run(path.parent) for path in sorted(REFERENCE.glob("*/*/provenance.json"))]
    known_commits = {*in_history(runs[0].commit)("log --format=%H").split()}
    assert [run.folder.name for run in runs if run.commit not in known_commits] == []


@pytest.mark.parametrize("name", ["glorot_table", "number_format_limits", "relu_second_moment"])
def test_the_commits_hold_what_they_are_said_to_hold(name: str) -> None:
    run = read_run(REFERENCE / catalogue.place(name))
    for id_, origin in run.origins.items():
        keys = {item["id"]: item["quantity"] for item in run.judgements}
        for made in origin.runs:
            read = in_history(made.recorded)
            (path,) = [
                path
                for path in read(f"ls-tree -r --name-only {made.recorded}").splitlines()
                if re.fullmatch(rf"outputs/reference/(.*/)?{name}/values.json", path)
            ]
            values = json.loads(read(f"show {made.recorded}:{path}"))
            if "quantity" not in made.precedes:
                # Numbers that no draw touches were stored with six digits once.
                assert values[keys[id_]]["mean"] == pytest.approx(made.mean, rel=1e-5), id_
            assert made.date in read(f"show -s --format=%cs {made.recorded}")
