"""How trials are planned, recorded and judged, with an experiment made of numbers."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from study import catalogue, controls
from study.controls import Evidence, Trial
from study.errors import StudyError
from study.record import provenance
from study.record.claims import Claim, NegativeControl, Verdict, around
from study.record.estimates import Estimate
from study.record.results import CONTROLS
from tests.toys import CLAIM as TOY

Study = Callable[..., subprocess.CompletedProcess[str]]

CLAIM = replace(
    TOY,
    id="toy-one",
    quantity="one",
    band=around(1.0, 0.25),
    control=NegativeControl("Break it.", {"gain": 3.0}),
)
SAME = replace(CLAIM, id="toy-two", quantity="two")
OTHER = replace(CLAIM, id="toy-three", control=NegativeControl("Break it.", {"depth": 1}))
REAL = replace(CLAIM, id="toy-four", data="mnist")
SOUND, BROKEN = Estimate(1.0, 0.1, 80), Estimate(3.0, 0.1, 10)
OPEN = Estimate(2.0, 9.0, 10)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let an experiment ``toy`` have some claims and 80 draws."""

    def claims(*its_claims: Claim) -> None:
        found = SimpleNamespace(claims=its_claims)
        monkeypatch.setattr(catalogue, "load", lambda _: found)

    def settings(self: Trial, draws: int | None = None) -> dict[str, Any]:
        return {"draws": 80 if draws is None else draws, **self.overrides}

    monkeypatch.setattr(Trial, "settings", settings)
    monkeypatch.setattr(controls, "_code", lambda _: "code")
    claims(CLAIM)
    return claims


def shown(trial: Trial, *values: Estimate) -> list[Evidence]:
    """Return what a trial has shown if each number of draws gave one of the values."""
    read = [claim.quantity for claim in trial.claims]
    return [
        Evidence(
            trial.data, trial.overrides, n, trial.fingerprint(n), 1.0, dict.fromkeys(read, value)
        )
        for n, value in zip(trial.counts, values, strict=False)
    ]


def test_claims_with_the_same_fault_on_the_same_data_share_a_trial(
    toy: Callable[..., None],
) -> None:
    toy(CLAIM, SAME, OTHER, REAL)
    found = {(t.data, *t.overrides): [one.id for one in t.claims] for t in controls.trials("toy")}
    assert found == {
        ("mnist_5k",): ["toy-one", "toy-two", "toy-three"],
        ("mnist_5k", "gain"): ["toy-one", "toy-two"],
        ("mnist_5k", "depth"): ["toy-three"],
        ("mnist",): ["toy-four"],
        ("mnist", "gain"): ["toy-four"],
    }


def test_a_broken_claim_is_tried_with_an_eighth_of_the_draws_first() -> None:
    sound, broken = controls.trials("toy")
    assert sound.counts == [80]
    assert broken.counts == [10, 80]


def test_the_fewest_draws_that_decide_are_enough() -> None:
    _, broken = controls.trials("toy")
    enough = shown(broken, BROKEN)
    assert broken.fresh(enough) == enough
    assert broken.verdicts(enough) == {"toy-one": Verdict.CONTRADICTED}


def test_all_draws_are_needed_where_an_eighth_decides_nothing() -> None:
    _, broken = controls.trials("toy")
    assert broken.fresh(shown(broken, OPEN)) == []
    both = shown(broken, OPEN, replace(BROKEN, draws=80))
    assert broken.fresh(both) == both
    assert broken.verdicts(both) == {"toy-one": Verdict.CONTRADICTED}


@pytest.mark.parametrize(
    "change",
    [{"fingerprint": "old"}, {"draws": 11}, {"values": {}}, {"data": "mnist"}, {"overrides": {}}],
    ids=str,
)
def test_what_was_made_otherwise_is_stale(change: Any) -> None:  # noqa: ANN401 - of fields
    _, broken = controls.trials("toy")
    (one,) = shown(broken, BROKEN)
    assert broken.fresh([one])
    assert broken.fresh([replace(one, **change)]) == []


def test_the_fingerprint_covers_the_settings_the_draws_the_data_and_the_code(
    toy: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    toy(CLAIM, REAL)
    marks = {trial.fingerprint(n) for trial in controls.trials("toy") for n in (10, 80)}
    monkeypatch.setattr(controls, "_code", lambda _: "other code")
    marks |= {trial.fingerprint(n) for trial in controls.trials("toy") for n in (10, 80)}
    assert len(marks) == 16


def test_evidence_is_kept_and_what_is_stale_goes(tmp_path: Path) -> None:
    sound, broken = controls.trials("toy")
    good = [*shown(sound, SOUND), *shown(broken, BROKEN)]
    controls.keep("toy", tmp_path, [*good, replace(good[0], fingerprint="old")])
    assert controls.recorded(tmp_path) == good
    controls.keep("toy", tmp_path, good[:1])
    assert controls.recorded(tmp_path) == good[:1]
    assert controls.pairs("toy", good) == {
        "toy-one": {"sound": Verdict.REPRODUCED, "broken": Verdict.CONTRADICTED}
    }
    assert (tmp_path / CONTROLS).is_file()


@pytest.mark.parametrize(
    ("sound", "broken", "told"),
    [
        (Verdict.REPRODUCED, Verdict.CONTRADICTED, ""),
        (Verdict.REPRODUCED, Verdict.INCONCLUSIVE, ""),
        (Verdict.REPRODUCED, Verdict.REPRODUCED, "reproduced also where it is broken on purpose"),
        (
            Verdict.INCONCLUSIVE,
            Verdict.CONTRADICTED,
            "inconclusive at the size of controls, so that its control can show nothing",
        ),
    ],
)
def test_a_control_must_change_a_verdict(sound: Verdict, broken: Verdict, told: str) -> None:
    assert controls.failure({"sound": sound, "broken": broken}) == told


def test_a_control_that_is_not_made_is_named() -> None:
    told = "its controls are not made, or stale; nox -s controls makes them anew"
    assert controls.failure({"sound": Verdict.REPRODUCED}) == told


# The command -------------------------------------------------------------------------------------

NAME = "relu_second_moment"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let trials give what they should, and list those that are made."""
    trials: list[str] = []

    def make(self: Trial) -> list[Evidence]:
        trials.append("broken" if self.overrides else "sound")
        return shown(self, BROKEN if self.overrides else SOUND)

    monkeypatch.setattr(Trial, "make", make)
    return trials


def kept(project: Path) -> dict[str, Any]:
    (file,) = project.rglob(CONTROLS)
    return dict(json.loads(file.read_text(encoding="utf-8")))


def test_stale_controls_are_made_once(study: Study, project: Path, made: list[str]) -> None:
    done = study("controls", NAME)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 trials were stale; all controls hold" in done.stdout
    assert kept(project)["verdicts"] == {
        "toy-one": {"broken": "contradicted", "sound": "reproduced"}
    }
    assert "0 trials were stale" in study("controls", NAME).stdout
    assert sorted(made) == ["broken", "sound"]


@pytest.mark.usefixtures("made")
def test_another_band_needs_no_trial_and_gets_its_verdicts(
    study: Study, project: Path, toy: Callable[..., None]
) -> None:
    study("controls", NAME)
    toy(replace(CLAIM, id="toy-other", prediction=3.0, band=around(3.0, 0.5)))
    assert "0 trials were stale; all controls hold" in study("controls", NAME).stdout
    assert kept(project)["verdicts"] == {
        "toy-other": {"broken": "reproduced", "sound": "contradicted"}
    }


@pytest.mark.parametrize("error", [ValueError("boom"), MemoryError("boom"), StudyError("boom")])
def test_a_trial_that_fails_is_one_line_and_the_others_are_kept(
    study: Study,
    project: Path,
    made: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    good = Trial.make

    def make(self: Trial) -> list[Evidence]:
        if self.overrides:
            raise error
        return good(self)

    monkeypatch.setattr(Trial, "make", make)
    done = study("controls", NAME)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"error: {NAME}-mnist_5k-gain=3.0: boom",
        "error: toy-one: its controls are not made, or stale; nox -s controls makes them anew",
    ]
    assert "not all controls hold" in done.stdout
    assert [one["overrides"] for one in kept(project)["trials"]] == [{}]
    assert made == ["sound"]


def test_a_process_that_dies_ends_the_command_with_one_line(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(_: Trial) -> list[Evidence]:
        raise BrokenExecutor

    monkeypatch.setattr(Trial, "make", make)
    done = study("controls", NAME)
    assert done.returncode == 1
    assert done.stderr.startswith("error: a process died (is there enough memory?); what is made")


def test_a_control_that_breaks_nothing_is_named(
    study: Study, made: list[str], toy: Callable[..., None]
) -> None:
    toy(replace(CLAIM, prediction=2.0, band=around(2.0, 5.0)))
    done = study("controls", NAME)
    assert done.returncode == 1
    assert done.stderr == "error: toy-one: reproduced also where it is broken on purpose\n"
    assert len(made) == 2


def test_what_measures_pools_and_estimates_is_part_of_the_code() -> None:
    parts = ((catalogue.module(NAME), controls.METHOD), *controls.POOLING)
    reached = [one for part in parts for one in provenance.code(part[0], provenance.ROOT, part[1])]
    assert {(module, text.partition("(")[0]) for module, text in reached} >= {
        (catalogue.module(NAME), "def measure"),
        ("study.record.draws", "def pooled"),
        ("study.record.estimates", "def estimate"),
        ("study.record.estimates", "def rate"),
    }
