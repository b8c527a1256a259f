"""What came first: a claim as it is judged now, or numbers of what it judges.

The history of the project knows. ``study.history`` reads it and asks here what it means; the
answer lies beside the verdicts, in ``origins.json``, since files that move take no history along.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf, isclose, isfinite
from typing import Any, Literal, TypeAlias

from study.record.claims import Band, band_from_json, band_to_json
from study.record.estimates import Estimate, agree

SAMPLING = {"seed", "draws"}
"""Settings that choose the draws, not what is measured."""

Part: TypeAlias = Literal["band", "quantity", "method", "settings"]
"""Parts of a claim that may change, namely its band, the key that it reads, the code that measures,
and all settings but the seed and the number of draws."""

PARTS: tuple[Part, ...] = ("band", "quantity", "method", "settings")
TRIALS = re.compile(
    r"(?<!on )\b[Tt]rials?\b|\b[Ff]irst run\b|\b[Ee]arlier (run|band|the mean)\b"
    r"|\brun that judges had\b"
)
"""How a text tells of numbers that came before a band; not of assumptions that are on trial."""


@dataclass(frozen=True)
class Change:
    """The commit that last changed something, and the day of it."""

    commit: str
    date: str


@dataclass(frozen=True)
class RecordedRun:
    """One run of a claim's quantity that the history holds.

    Attributes:
        made_from: the commit whose code made it.
        recorded: the commit that holds its numbers.
        date: the day of the latter.
        mean: of the quantity; None if it was no number.
        half_width: of its interval; None for one without an end.
        draws: how many it had; none if no draw touches the quantity.
        precedes: what of the claim was changed afterwards.
    """

    made_from: str
    recorded: str
    date: str
    mean: float | None
    half_width: float | None
    draws: int
    precedes: tuple[Part, ...]


@dataclass(frozen=True)
class Origin:
    """Where a claim comes from.

    Attributes:
        band: its ends, as they were when this was derived.
        changed: when each part of the claim was last changed; code and settings, before the run
            that judges.
        runs: all runs of its quantity, the one that judges last; at least one.
        trials: sentences that tell of other numbers, which nobody kept.
    """

    band: Band
    changed: Mapping[Part, Change]
    runs: tuple[RecordedRun, ...]
    trials: tuple[str, ...]

    @property
    def preceded(self) -> tuple[Part, ...]:
        """The parts of the claim that were changed after a run on record."""
        return tuple(part for part in PARTS if any(part in run.precedes for run in self.runs))

    @property
    def exploratory(self) -> bool:
        """Whether a number of the quantity is known to precede the last change of the claim.

        Other seeds do not lift this: they guard against a lucky draw, and not against a band, a
        measure or a setting that was chosen with the answer in view.
        """
        return bool(self.trials or self.preceded)


@dataclass(frozen=True)
class State:
    """A claim and its experiment at one commit; see ``Part``."""

    band: tuple[float, float]
    quantity: str
    method: str
    settings: Mapping[str, Any]
    reach: tuple[float, float] = (-inf, inf)
    """The ends between which all intervals on record of the claim's quantity lie."""

    def same(self, state: "State", part: Part) -> bool:
        """Tell whether a part is the same in both.

        A band is so but for its last digits, and also if an end was opened beyond which no number
        on record lies: that changes no verdict that anybody could have seen.
        """
        value, other_value = getattr(self, part), getattr(state, part)
        if part == "settings":
            return without_sampling(value) == without_sampling(other_value)
        if part == "band":
            ends = [end for end in (*value, *other_value) if isfinite(end)]
            slack = 1e-5 * (max(ends) - min(ends)) or 1e-5 * abs(ends[0])
            close = [a == b or abs(a - b) <= slack for a, b in zip(value, other_value, strict=True)]
            openings = (
                value[0] == -inf < other_value[0] < self.reach[0],
                self.reach[1] < other_value[1] < value[1] == inf,
            )
            return all(
                is_close or is_open for is_close, is_open in zip(close, openings, strict=True)
            )
        return bool(value == other_value)


@dataclass(frozen=True)
class Numbers:
    """What a run holds of one quantity.

    Attributes:
        key: of the quantity.
        settings: of the experiment.
        method: digest of the experiment's own code.
        shared: digest of the code of other modules that it reaches.
        numbers: one per draw, or a single one that no draw touches.
        value: the estimate from them.
    """

    key: str
    settings: Mapping[str, Any]
    method: str
    shared: str
    numbers: tuple[float, ...]
    value: Estimate


def alike(numbers: Sequence[float], other_numbers: Sequence[float]) -> bool:
    """Tell whether numbers of the same draws are the same, but for rounding.

    >>> alike([1.0, 2.0], [1.00001, 2.0, 3.0]), alike([1.0], [1.001]), alike([2e-8], [3e-8])
    (True, False, False)
    """
    size = max((abs(number) for number in numbers if isfinite(number)), default=0.0)
    return all(
        isclose(a, b, rel_tol=1e-4, abs_tol=max(1e-12, 1e-4 * size))
        or not (isfinite(a) or isfinite(b))
        for a, b in zip(numbers, other_numbers, strict=False)
    )


def without_sampling(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings without those that choose the draws, and without the experiment's name.

    >>> without_sampling({"seed": 1, "draws": 9, "width": 8})
    {'width': 8}
    """
    return {key: value for key, value in settings.items() if key not in SAMPLING | {"name"}}


def parts_changed(earlier: Numbers, later: Numbers, *, same_draws: bool) -> tuple[Part, ...]:
    """Name what of a measurement was changed between a run and the next.

    What leaves the numbers of the same draws as they were has changed nothing of the measurement,
    whatever it did to the code or to settings of other arms.

    Args:
        earlier: the one run.
        later: the next one.
        same_draws: whether both drew the same random numbers.

    Returns:
        Some of "quantity", "method" and "settings".
    """
    if earlier.key != later.key:
        return ("quantity",)
    if earlier.value.exact and later.value.exact:
        comparable = True
        # To the six digits that older records have.
        is_same = isclose(earlier.value.mean, later.value.mean, rel_tol=1e-5, abs_tol=1e-12)
    else:
        comparable = same_draws and earlier.value.exact == later.value.exact
        is_same = comparable and alike(earlier.numbers, later.numbers)
    if is_same:
        return ()
    parts: list[Part] = []
    # Where other code than the experiment's own was changed, other draws tell by their mean.
    differs_elsewhere = earlier.shared != later.shared and not agree(earlier.value, later.value)
    if earlier.method != later.method or differs_elsewhere:
        parts.append("method")
    if without_sampling(earlier.settings) != without_sampling(later.settings):
        parts.append("settings")
    if comparable and not parts:
        parts.append("method")
    return tuple(parts)


def trials_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the sentences that tell of trial runs.

    >>> trials_in(["A tenth. Trial runs with other seeds had a twentieth."])
    ('Trial runs with other seeds had a twentieth.',)
    """
    sentences = [part for text in texts for part in re.split(r"(?<=[.!?]) (?=[A-Z“])", text)]
    return tuple(dict.fromkeys(part for part in sentences if TRIALS.search(part)))


def origin_to_json(origin: Origin) -> dict[str, Any]:
    """Return an origin as JSON holds it, with the answer that a reader asks for."""
    return asdict(origin) | {
        "band": band_to_json(origin.band),
        "exploratory": origin.exploratory,
    }


def origin_from_json(content: Mapping[str, Any]) -> Origin:
    """Return the origin that JSON holds."""
    runs: Sequence[Mapping[str, Any]] = content["runs"]
    return Origin(
        band=band_from_json(content["band"]),
        changed={part: Change(**content["changed"][part]) for part in PARTS},
        runs=tuple(RecordedRun(**{**run, "precedes": tuple(run["precedes"])}) for run in runs),
        trials=tuple(content["trials"]),
    )
