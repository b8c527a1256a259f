"""Negative controls: what a claim says is broken on purpose, and its verdict has to change.

Each claim names a change of settings that breaks it. A *trial* runs an experiment at the size of
controls, its quick size with more draws if need be, with one such change or with none; the
estimates that its claims read are kept beside the reference in ``controls.json``, with a
fingerprint of all that decides them. Verdicts are judged anew from these estimates whenever they
are asked for, so that a changed band needs no new trial; changed code or settings make a trial
stale.
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
from study.record.claims import Claim, Outcome, Verdict, judge
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
    ("study.record.experiment", ("Method",)),
    ("study.record.draws", ("pooled",)),
    ("study.record.results", ("Result",)),
)
"""What makes estimates of draws."""

Overrides = Mapping[str, float | str]
"""Changed settings, dotted field to value."""

DECIDED = {Outcome.AGREES, Outcome.DISAGREES, Outcome.DEPENDS}
"""What a control may change."""


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
        """Return the changed settings of the controls' size, with so many draws or all."""
        settings = configuring.plain_settings(self.name, "control")
        changes = configuring.with_overrides(settings, self.overrides)
        return changes if draws is None else changes | {"draws": draws}

    @property
    def counts(self) -> list[int]:
        """How many draws are tried, one number after the other, until all claims are decided."""
        count = int(self.settings()["draws"])
        return sorted({max(2, count // FEWER), count}) if self.overrides else [count]

    def fingerprint(self, draws: int) -> str:
        """Name what decides the numbers of so many draws."""
        settings = configuring.as_json(self.settings(draws))
        data = {"name": self.data, "pixel_scale": PIXEL_SCALE}
        return provenance.of_draws(_code(self.name), settings, data)

    def decides(self, evidence: Evidence) -> bool:
        """Tell whether every claim has a verdict other than that it is open."""
        return all(
            judge(claim, evidence.values, self.data).outcome in DECIDED for claim in self.claims
        )

    def own(self, records: Iterable[Evidence]) -> list[Evidence]:
        """Return what is recorded of this trial, fresh or stale.

        Args:
            records: what is recorded of this experiment.
        """
        return [
            record
            for record in records
            if (record.data, record.overrides) == (self.data, self.overrides)
        ]

    def usual_seconds(self, records: Iterable[Evidence]) -> float:
        """Return what it took when it was made last, in seconds; else a guess."""
        seconds = [record.seconds for record in self.own(records)]
        return max(sum(seconds), GUESS) if seconds else GUESS

    def fresh(self, records: Iterable[Evidence]) -> list[Evidence]:
        """Return the evidence that still holds, as far as it was tried; none if it is not enough.

        Args:
            records: what is recorded of this experiment.
        """
        keys = {key for claim in self.claims for key in claim.quantities}
        by_draws = {
            record.draws: record
            for record in self.own(records)
            if keys <= record.values.keys() and record.fingerprint == self.fingerprint(record.draws)
        }
        evidence: list[Evidence] = []
        for draws in self.counts:
            record = by_draws.get(draws)
            if record is None:
                return []
            evidence.append(record)
            if self.decides(record):
                break
        return evidence

    def make(self) -> list[Evidence]:
        """Make the draws in this process, and return what they have shown.

        Raises:
            StudyError: if the settings are refused, or take away what a claim reads.
        """
        marks = [(draws, self.fingerprint(draws)) for draws in self.counts]  # then the code is read
        experiment = catalogue.load(self.name)
        evidence: list[Evidence] = []
        for draws, mark in marks:
            config = configuring.checked(experiment.config, self.settings(draws))
            start = time.process_time()
            with plain_arithmetic():
                result = experiment.run(config, data_set(self.data), range(draws))
            seconds = round(time.process_time() - start, 2)
            estimates = result.values
            for claim in self.claims:
                for key in claim.quantities:
                    if key not in estimates:
                        raise StudyError(f"{claim.id}: {key}: not measured by this trial")
            values = {key: estimates[key] for claim in self.claims for key in claim.quantities}
            evidence.append(Evidence(self.data, self.overrides, draws, mark, seconds, values))
            if self.decides(evidence[-1]):
                break
        return evidence

    def verdicts(self, evidence: Iterable[Evidence]) -> dict[str, Verdict]:
        """Judge each claim, by its id, from the fewest draws that decide it, else from all."""
        verdicts: dict[str, Verdict] = {}
        for record in evidence:
            for claim in self.claims:
                if claim.id not in verdicts or verdicts[claim.id].outcome not in DECIDED:
                    verdicts[claim.id] = judge(claim, record.values, self.data)
        return verdicts


def trials(name: str) -> list[Trial]:
    """Return the trials of an experiment: of each data set the sound one, then each change."""
    groups: list[tuple[str, Overrides, list[Claim]]] = []
    for claim in catalogue.load(name).claims:
        for overrides in ({}, claim.control.overrides):
            key = claim.data or STAND_IN, overrides
            members = next((claims for *head, claims in groups if tuple(head) == key), None)
            if members is None:
                groups.append((*key, [claim]))
            else:
                members.append(claim)
    return [Trial(name, data, overrides, tuple(claims)) for data, overrides, claims in groups]


def recorded(folder: Path) -> list[Evidence]:
    """Return what is recorded beside a reference.

    Args:
        folder: of the reference.
    """
    return [
        Evidence(**row | {"values": _estimates(row["values"])})
        for row in read_json(folder / CONTROLS, {}).get("trials", [])
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
    records = list(evidence)
    rows = [
        asdict(record) | {"values": {key: estimate_to_json(x) for key, x in record.values.items()}}
        for trial in trials(name)
        for record in trial.fresh(records)
    ]
    verdicts = pairs(name, records)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / CONTROLS, {"trials": rows, "verdicts": verdicts})
    return verdicts


def pairs(name: str, records: Iterable[Evidence]) -> dict[str, dict[str, Verdict]]:
    """Return the two verdicts of each claim, by its id, as far as its trials are fresh."""
    verdicts: dict[str, dict[str, Verdict]] = {}
    evidence = list(records)
    for trial in trials(name):
        side = "broken" if trial.overrides else "sound"
        for claim, verdict in trial.verdicts(trial.fresh(evidence)).items():
            verdicts.setdefault(claim, {})[side] = verdict
    return verdicts


def failure(verdicts: Mapping[str, Verdict]) -> str:
    """Say what is wrong with the two verdicts of a claim; nothing if the control does its work.

    >>> failure({"sound": Verdict.REPRODUCED, "broken": Verdict.REPRODUCED})
    'reproduced also where it is broken on purpose'
    """
    sound, broken = verdicts.get("sound"), verdicts.get("broken")
    if sound is None or broken is None:
        return "its controls are not made, or stale; nox -s controls makes them anew"
    if sound.outcome not in DECIDED:
        return f"{sound} at the size of controls, so that its control can show nothing"
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
