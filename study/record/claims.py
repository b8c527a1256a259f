"""Claims as data, and the rule that judges them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from study.errors import StudyError
from study.record.estimates import Estimate, rate
from study.theory.sources import Source


class Verdict(StrEnum):
    """What the interval over draws says of a claim."""

    REPRODUCED = "reproduced"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"


DATA = (None, "mnist", "mnist_5k")
"""The data sets that a claim may need; most need none of their own."""


@dataclass(frozen=True)
class Band:
    """The closed range of a quantity within which its claim counts as reproduced.

    Raises:
        StudyError: if the range is empty.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse an empty range."""
        if not self.low < self.high:
            raise StudyError(f"band [{self.low}, {self.high}]: the low end must lie below the high")


def around(centre: float, distance: float) -> Band:
    """Return the band of all numbers within a distance of a centre.

    >>> around(1.0, 0.25)
    Band(low=0.75, high=1.25)
    """
    return Band(centre - distance, centre + distance)


def within(prediction: float, share: float) -> Band:
    """Return the band that reaches a share of a positive prediction to either side.

    >>> within(2.0, 0.25)
    Band(low=1.5, high=2.5)
    """
    return around(prediction, share * prediction)


def printed(number: float, digits: int) -> Band:
    """Return the band of all numbers that are printed as this one.

    Args:
        number: as it is printed.
        digits: how many digits it has after the point.

    >>> band = printed(0.5, digits=1)
    >>> round(band.low, 6), round(band.high, 6)
    (0.45, 0.55)
    """
    return around(number, 0.5 * 10.0**-digits)


ORDINARY = Band(0.005, 0.995)
ORDINARY_REASON = (
    "The central 99 % of the draws, the confidence of every interval here: a printed number "
    "outside would hardly have come from this code."
)


@dataclass(frozen=True)
class NegativeControl:
    """A change of settings that breaks what a claim claims, so that its verdict must differ.

    ``nox -s controls`` makes every control; a reader can, too.

    Attributes:
        change: what is changed, in a sentence.
        overrides: the changed settings, dotted field to value.
    """

    change: str
    overrides: Mapping[str, float | str]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement of a source, made to be judged by one quantity and one band.

    Attributes:
        id: the slug by which the claim is cited; never renamed or reused.
        statement: what the source says, in our words.
        source: where it says so.
        quantity: the key of the value that is read.
        prediction: what the law gives for the quantity, a constant.
        band: where the whole interval must lie for *reproduced*.
        reason: why the band is as wide as it is.
        departure: how our setting differs from the source's; empty if in nothing.
        remark: the precise form of the statement, or what the verdict means.
        control: what to break so that the verdict changes.
        data: the data set that the claim needs, or None if any will do.
        derivation: the label of the section of the site that derives it, if there is one.

    Raises:
        StudyError: if the id cannot be cited, a text is no sentence, nothing is measured or broken,
            the data is unknown, or the prediction is not finite or lies outside the band.
    """

    id: str
    statement: str
    source: Source
    quantity: str
    prediction: float
    band: Band
    reason: str
    remark: str
    control: NegativeControl
    departure: str = ""
    data: str | None = None
    derivation: str | None = None

    def __post_init__(self) -> None:
        """Refuse a claim that does not say all that its reader needs."""
        _complete(
            self,
            statement=self.statement,
            reason=self.reason,
            remark=self.remark,
            control=self.control.change,
            departure=self.departure or "None.",
        )
        if not self.quantity.strip() or not self.control.overrides:
            raise StudyError(f"{self.id}: quantity and control.overrides: must not be empty")
        if self.data not in DATA:
            raise StudyError(f"{self.id}: data={self.data}: choose from mnist, mnist_5k or None")
        if not isfinite(self.prediction) or not (
            self.band.low <= self.prediction <= self.band.high
        ):
            raise StudyError(
                f"{self.id}: prediction={self.prediction}: must be finite and lie within its band, "
                f"{self.band.low} to {self.band.high}"
            )


@dataclass(frozen=True, kw_only=True)
class Untested:
    """One statement of a source that no measurement of this study decides.

    Attributes:
        id: the slug by which it is cited; never renamed or reused.
        statement: what the source says, in our words.
        source: where it says so.
        reason: why there is no verdict.
        remark: the precise form of the statement, or what is known of it.
        derivation: the label of the section of the site that derives it, if there is one.

    Raises:
        StudyError: if a text is missing.
    """

    id: str
    statement: str
    source: Source
    reason: str
    remark: str
    derivation: str | None = None

    def __post_init__(self) -> None:
        """Refuse a statement that does not say all that its reader needs."""
        _complete(self, statement=self.statement, reason=self.reason, remark=self.remark)


def _complete(claim: Claim | Untested, /, **sentences: str) -> None:
    """Refuse a statement with an id that cannot be cited, or a text that is no sentence."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", claim.id):
        raise StudyError(f"id={claim.id}: must be lower-case words joined by hyphens")
    for field, text in sentences.items():
        ends = "." if field == "statement" and isinstance(claim, Claim) else (".", "”")
        if not text.strip() or not text.endswith(ends):
            raise StudyError(f"{claim.id}: {field}={text}: must be a sentence")


def judge(claim: Claim, values: Mapping[str, Estimate], data: str) -> Verdict:
    """Give the verdict of one claim.

    Args:
        claim: the claim.
        values: the estimates of a run, by key.
        data: the name of the data set of that run.

    Returns:
        *not tested* if the data or the quantity is not there; *reproduced* if the interval lies
        wholly inside the band; *contradicted* if it lies wholly outside; else *inconclusive*,
        also for a quantity that is not a number.
        Draws that all gave the same number have no spread to make an interval of and are counted:
        they decide if Wilson's interval of so many in so many lies above one half, so that at
        least a typical draw gives this number, which takes seven draws.
    """
    value = values.get(claim.quantity)
    if value is None or claim.data not in {None, data}:
        return Verdict.NOT_TESTED
    if value.agreed and rate([1.0] * value.draws).low <= 1 / 2:
        return Verdict.INCONCLUSIVE
    if claim.band.low <= value.low and value.high <= claim.band.high:
        return Verdict.REPRODUCED
    if value.high < claim.band.low or claim.band.high < value.low:
        return Verdict.CONTRADICTED
    return Verdict.INCONCLUSIVE
