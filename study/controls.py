"""Negative controls: what a claim says is broken on purpose, and its verdict has to change.

Each claim names a change of settings that breaks it. A *trial* runs an experiment at its quick size
with one such change, or with none; the estimates that its claims read are kept beside the reference
in ``controls.json``, with a fingerprint of all that decides them. Verdicts are judged anew from
these estimates whenever they are asked for, so that a changed band needs no new trial; changed code
or settings make a trial stale.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import torch

from study import catalogue, configuring
from study.engine.tasks import plain_arithmetic
from study.errors import StudyError
from study.lab import mnist
from study.record import provenance
from study.record.claims import Claim, Verdict, judge
from study.record.comparison import DECIDED
from study.record.estimates import Estimate
from study.record.results import (
    CONTROLS,
    estimate_from_json,
    estimate_to_json,
    read_json,
    write_json,
)

STAND_IN = "mnist_5k"
"""The data of a trial whose claims take any."""
PIXEL_SCALE = 256.0
FEWER = 8
"""A broken claim is tried with an eighth of the draws first, which often decides; where it does
not, all of them must make the difference, since too few draws alone leave any verdict open."""
GUESS = 5.0
"""What a trial of which nothing is known may take, in seconds."""
METHOD = (*provenance.MEASURING, "tables")
POOLING = (
    ("study.record.experiment", ("Experiment", "Method")),
    ("study.record.draws", ("pooled",)),
    ("study.record.results", ("Result",)),
)
"""What makes estimates of draws."""

Overrides = Mapping[str, float | str]
"""Changed settings, dotted field to value."""


@dataclass(frozen=True)
class Evidence:
    """What one trial has shown.

    Attributes:
        data: the name of the data set.
        overrides: the changed settings; none in a sound trial.
        draws: how many draws were made.
        fingerprint: of all that decides the numbers.
        seconds: processor time that they took.
        values: the estimates that the claims of the trial read, by key.
    """

    data: str
    overrides: Overrides
    draws: int
    fingerprint: str
    seconds: float
    values: Mapping[str, Estimate]


@dataclass(frozen=True, eq=False)
class Trial:
    """One change of an experiment's settings, and the claims that it is to break.

    Attributes:
        name: of the experiment.
        data: the name of the data set.
        overrides: the changed settings; none in a sound trial.
        claims: those whose verdicts it is for.
    """

    name: str
    data: str
    overrides: Overrides
    claims: tuple[Claim, ...]

    def __str__(self) -> str:
        """Name it, as a list of tests does."""
        changes = ",".join(f"{field}={value}" for field, value in self.overrides.items())
        return f"{self.name}-{self.data}-{changes or 'sound'}"

    def settings(self, draws: int | None = None) -> dict[str, Any]:
        """Return the changed settings of quick size, with so many draws or all."""
        plain = configuring.plain_settings(self.name, "quick")
        changed = configuring.with_overrides(plain, self.overrides)
        return changed if draws is None else changed | {"draws": draws}

    @property
    def counts(self) -> list[int]:
        """How many draws are tried, one number after the other, until all claims are decided."""
        whole = int(self.settings()["draws"])
        return sorted({max(2, whole // FEWER), whole}) if self.overrides else [whole]

    def fingerprint(self, draws: int) -> str:
        """Name what decides the numbers of so many draws."""
        settings = configuring.as_json(self.settings(draws))
        data = {"name": self.data, "pixel_scale": PIXEL_SCALE}
        return provenance.of_draws(_code(self.name), settings, data)

    def decides(self, evidence: Evidence) -> bool:
        """Tell whether every claim has a verdict other than that it is open."""
        return all(judge(one, evidence.values, self.data) in DECIDED for one in self.claims)

    def own(self, known: Iterable[Evidence]) -> list[Evidence]:
        """Return what is recorded of this trial, fresh or stale.

        Args:
            known: what is recorded of this experiment.
        """
        return [one for one in known if (one.data, one.overrides) == (self.data, self.overrides)]

    def usual_seconds(self, known: Iterable[Evidence]) -> float:
        """Return what it took when it was made last, in seconds; else a guess."""
        took = [one.seconds for one in self.own(known)]
        return max(sum(took), GUESS) if took else GUESS

    def fresh(self, known: Iterable[Evidence]) -> list[Evidence]:
        """Return the evidence that still holds, as far as it was tried; none if it is not enough.

        Args:
            known: what is recorded of this experiment.
        """
        read = {claim.quantity for claim in self.claims}
        mine = {
            one.draws: one
            for one in self.own(known)
            if read <= one.values.keys() and one.fingerprint == self.fingerprint(one.draws)
        }
        found: list[Evidence] = []
        for draws in self.counts:
            one = mine.get(draws)
            if one is None:
                return []
            found.append(one)
            if self.decides(one):
                break
        return found

    def make(self) -> list[Evidence]:
        """Make the draws in this process, and return what they have shown.

        Raises:
            StudyError: if the settings are refused, or take away what a claim reads.
        """
        marks = [(draws, self.fingerprint(draws)) for draws in self.counts]  # then the code is read
        experiment = catalogue.load(self.name)
        found: list[Evidence] = []
        for draws, mark in marks:
            config = configuring.checked(experiment.config, self.settings(draws))
            start = time.process_time()
            with plain_arithmetic():
                result = experiment.run(config, data_set(self.data), range(draws))
            seconds = round(time.process_time() - start, 2)
            measured = result.values
            for claim in self.claims:
                if claim.quantity not in measured:
                    raise StudyError(f"{claim.id}: {claim.quantity}: not measured by this trial")
            values = {claim.quantity: measured[claim.quantity] for claim in self.claims}
            found.append(Evidence(self.data, self.overrides, draws, mark, seconds, values))
            if self.decides(found[-1]):
                break
        return found

    def verdicts(self, evidence: Iterable[Evidence]) -> dict[str, Verdict]:
        """Judge each claim, by its id, from the fewest draws that decide it, else from all."""
        found: dict[str, Verdict] = {}
        for one in evidence:
            for claim in self.claims:
                if found.get(claim.id) not in DECIDED:
                    found[claim.id] = judge(claim, one.values, self.data)
        return found


def trials(name: str) -> list[Trial]:
    """Return the trials of an experiment: of each data set the sound one, then each change."""
    found: list[tuple[str, Overrides, list[Claim]]] = []
    for claim in catalogue.load(name).claims:
        for overrides in ({}, claim.control.overrides):
            key = claim.data or STAND_IN, overrides
            same = next((claims for *other, claims in found if tuple(other) == key), None)
            if same is None:
                found.append((*key, [claim]))
            else:
                same.append(claim)
    return [Trial(name, data, overrides, tuple(claims)) for data, overrides, claims in found]


def recorded(folder: Path) -> list[Evidence]:
    """Return what is recorded beside a reference.

    Args:
        folder: of the reference.
    """
    return [
        Evidence(**one | {"values": _estimates(one["values"])})
        for one in read_json(folder / CONTROLS, {}).get("trials", [])
    ]


def keep(name: str, folder: Path, evidence: Iterable[Evidence]) -> dict[str, dict[str, Verdict]]:
    """Record evidence beside a reference, each claim with the verdicts that follow from it.

    Args:
        name: of the experiment.
        folder: of its reference.
        evidence: of the experiment; what is stale is left out.

    Returns:
        The verdicts, as :func:`pairs` gives them.
    """
    known = list(evidence)
    rows = [
        asdict(one) | {"values": {key: estimate_to_json(x) for key, x in one.values.items()}}
        for trial in trials(name)
        for one in trial.fresh(known)
    ]
    verdicts = pairs(name, known)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / CONTROLS, {"trials": rows, "verdicts": verdicts})
    return verdicts


def pairs(name: str, known: Iterable[Evidence]) -> dict[str, dict[str, Verdict]]:
    """Return the two verdicts of each claim, by its id, as far as its trials are fresh."""
    found: dict[str, dict[str, Verdict]] = {}
    evidence = list(known)
    for trial in trials(name):
        side = "broken" if trial.overrides else "sound"
        for claim, verdict in trial.verdicts(trial.fresh(evidence)).items():
            found.setdefault(claim, {})[side] = verdict
    return found


def failure(verdicts: Mapping[str, Verdict]) -> str:
    """Say what is wrong with the two verdicts of a claim; nothing if the control does its work.

    >>> failure({"sound": Verdict.REPRODUCED, "broken": Verdict.REPRODUCED})
    'reproduced also where it is broken on purpose'
    """
    sound, broken = verdicts.get("sound"), verdicts.get("broken")
    if sound is None or broken is None:
        return "its controls are not made, or stale; nox -s controls makes them anew"
    if sound not in DECIDED:
        return f"{sound} at quick size, so that its control can show nothing"
    return f"{sound} also where it is broken on purpose" if broken == sound else ""


def _estimates(values: Mapping[str, Any]) -> dict[str, Estimate]:
    return {key: estimate_from_json(value) for key, value in values.items()}


@cache
def _code(name: str) -> str:
    """Name the code that measures, pools and estimates."""
    parts = [(catalogue.module(name), METHOD), *POOLING]
    codes = [provenance.code_digest(*part) for part in parts]
    return provenance.digest([*codes, provenance.version("scipy")])  # has Student's quantiles


@lru_cache(maxsize=2)
def data_set(name: str) -> mnist.Mnist:
    """Return the data of trials, read once in a process.

    Args:
        name: ``mnist`` or ``mnist_5k``.
    """
    return mnist.load(mnist.find(name), PIXEL_SCALE, torch.device("cpu"))
