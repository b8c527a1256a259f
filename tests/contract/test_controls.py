"""Every claim has a negative control that does its work: as recorded, and a sample of it anew."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from study import catalogue, configuring, controls
from study.controls import DECIDED, Evidence, Trial
from study.record import provenance
from study.record.comparison import REFERENCE_DATA
from study.record.results import CONTROLS, read_json
from tests.subjects import confined, subjects

if TYPE_CHECKING:
    from study.record.claims import Verdict

REFERENCE = configuring.CONF.parent / "outputs" / "reference"
NAMES = subjects()
RECORDED = {name: controls.recorded(REFERENCE / catalogue.place(name)) for name in NAMES}
SAMPLE_SECONDS = 40.0
"""So much processor time, as recorded, the fast tier spends on trials made anew."""


def folder(name: str) -> Path:
    return REFERENCE / catalogue.place(name)


@cache
def stale() -> set[str]:
    """Name the experiments of which a trial was made with other code or settings."""
    return {n for n in NAMES if not all(one.fresh(RECORDED[n]) for one in controls.trials(n))}


def test_no_control_is_stale() -> None:
    found = sorted(stale())
    assert not found, f"nox -s controls makes them anew: {', '.join(found)}"


def test_a_claim_that_is_broken_on_purpose_gets_another_verdict() -> None:
    failures = []
    for name in NAMES:
        sound: dict[str, Verdict] = {}
        broken: dict[str, Verdict] = {}
        for trial in controls.trials(name):
            # Also from stale evidence: what a claim says of it must hold in any case.
            (broken if trial.overrides else sound).update(trial.verdicts(evidence_of(trial)))
        for claim in catalogue.load(name).claims:
            before, after = sound.get(claim.id), broken.get(claim.id)
            if before is None or before.outcome not in DECIDED or after is None or after == before:
                failures.append(f"{claim.id}: {before}, and {after} where it is broken")
    assert failures == []


def test_the_verdicts_beside_the_evidence_follow_from_it() -> None:
    def other(name: str) -> Iterator[str]:
        stored = read_json(folder(name) / CONTROLS, {})["verdicts"]
        again = controls.pairs(name, RECORDED[name])
        yield from (one for one in stored.keys() | again if stored.get(one) != again.get(one))

    fresh = sorted(set(NAMES) - stale())
    others = [f"{name}: {claim}" for name in fresh for claim in other(name)]
    assert not others, f"nox -s controls writes them anew: {', '.join(others)}"


def evidence_of(trial: Trial) -> list[Evidence]:
    return trial.own(RECORDED[trial.name])


def sample() -> list[Trial]:
    """Pick trials by the commit that is checked out, others each time."""
    commit = provenance._git("rev-parse", "HEAD")  # without git, always the same
    # Those without evidence are named by a test above.
    every = [t for name in NAMES for t in controls.trials(name) if evidence_of(t)]
    every.sort(key=lambda one: hashlib.sha256(f"{commit} {one}".encode()).hexdigest())
    chosen: list[Trial] = []
    spent = 0.0
    for trial in every:
        cost = sum(one.seconds for one in evidence_of(trial))
        if not chosen or spent + cost <= SAMPLE_SECONDS:  # the first may be a long one
            chosen.append(trial)
            spent += cost
    return chosen


# Of the one experiment that somebody works at, they have just been made.
SAMPLE = [] if confined() else sample()


def tried(trials: list[Trial], *marks: pytest.MarkDecorator) -> list[object]:
    needs = {REFERENCE_DATA: [pytest.mark.mnist]}
    return [
        pytest.param(one, id=str(one), marks=[*marks, *needs.get(one.data, [])]) for one in trials
    ]


@pytest.mark.no_cover  # the same lines run elsewhere, in a tenth of the time
@pytest.mark.parametrize(
    "trial",
    [
        *tried(SAMPLE),
        *tried(
            [t for n in NAMES for t in controls.trials(n) if str(t) not in map(str, SAMPLE)],
            pytest.mark.full,
        ),
    ],
)
def test_a_trial_made_anew_shows_what_is_recorded(trial: Trial) -> None:
    again, before = trial.make(), evidence_of(trial)
    assert trial.verdicts(again) == trial.verdicts(before)
    for new, old in zip(again, before, strict=False):
        assert new.draws == old.draws
        for key, value in new.values.items():
            # Rounding grows in a training, so another processor may give another number; not one
            # that these draws exclude.
            known = old.values[key]
            reach = value.half_width + known.half_width + 1e-4 * abs(known.mean) + 1e-6
            assert value.mean == pytest.approx(known.mean, abs=reach, rel=0, nan_ok=True), key
