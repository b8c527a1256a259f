"""Claims as data, and the rule that judges them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from study.errors import StudyError
from study.record.estimates import Estimate, rate
from study.theory.sources import Source


class Kind(StrEnum):
    """What sort of statement a claim is; pages count the kinds apart."""

    IDENTITY = "identity"
    """A definition, arithmetic, the form of an equation, or a sampled value without spread."""
    LAW = "law"
    """What was derived, here or in the source, and is measured."""
    FINDING = "finding"
    """An observation that could have been otherwise."""
    PRINT = "print"
    """A printed number of unseeded code, judged by its percentile among draws."""
    EXACT_PRINT = "exact print"
    """A printed number of deterministic or seeded code, judged unrounded."""
    SOFTWARE = "software"
    """What a library does."""
    ADVICE = "advice"
    """What to do, judged by the effect that it states."""


class Outcome(StrEnum):
    """What the numbers say, whatever the word for it."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    DEPENDS = "depends"
    OPEN = "open"
    NONE = "none"


class Verdict(StrEnum):
    """What the interval over draws says of a claim, in the words of its kind."""

    REPRODUCED = "reproduced"
    CHECKED = "checked"
    COMPATIBLE = "compatible"
    MET = "met"
    HOLDS = "holds"
    CONTRADICTED = "contradicted"
    WRONG = "wrong"
    INCOMPATIBLE = "incompatible"
    NOT_MET = "not met"
    DOES_NOT_HOLD = "does not hold"
    CORRECTED = "holds with a correction"
    MISPRINT = "misprint"
    DEPENDS = "depends"
    INCONCLUSIVE = "inconclusive"
    NOT_TESTED = "not tested"

    @property
    def outcome(self) -> Outcome:
        """What the numbers said; of a corrected or misprinted statement, as it is worded."""
        return next(
            (outcome for outcome, words in OUTCOMES.items() if self in words), Outcome.DISAGREES
        )


WORDS = {
    Kind.IDENTITY: (Verdict.CHECKED, Verdict.WRONG),
    Kind.LAW: (Verdict.REPRODUCED, Verdict.CONTRADICTED),
    Kind.FINDING: (Verdict.REPRODUCED, Verdict.CONTRADICTED),
    Kind.PRINT: (Verdict.COMPATIBLE, Verdict.INCOMPATIBLE),
    Kind.EXACT_PRINT: (Verdict.MET, Verdict.NOT_MET),
    Kind.SOFTWARE: (Verdict.HOLDS, Verdict.DOES_NOT_HOLD),
    Kind.ADVICE: (Verdict.REPRODUCED, Verdict.CONTRADICTED),
}
"""For each kind the word where the numbers agree, and the one where they do not."""
OUTCOMES = {
    Outcome.AGREES: {agrees for agrees, _ in WORDS.values()},
    Outcome.DEPENDS: {Verdict.DEPENDS},
    Outcome.OPEN: {Verdict.INCONCLUSIVE},
    Outcome.NONE: {Verdict.NOT_TESTED},
}


class Cause(StrEnum):
    """Why a statement is not tested."""

    BUDGET = "outside this budget"
    TIME = "true of its time"
    WORDS = "words or history"
    DATA = "data not here"


class Factor(StrEnum):
    """What an experimenter has to choose for a training, and a source often leaves open."""

    RATE = "the learning rate"
    OPTIMISER = "the optimiser"
    PIXELS = "the scale of the pixels"
    IMAGES = "the set of images"
    WIDTH = "the width"


DATA = (None, "mnist", "mnist_5k")
"""The data sets that a claim may need; most need none of their own."""


@dataclass(frozen=True)
class Band:
    """The closed range of a quantity within which it agrees with its claim.

    One of its ends may be infinite; :func:`at_least` and :func:`at_most` say so.

    Raises:
        StudyError: if the range is empty, or has no end at all.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse an empty range, and one that nothing can miss."""
        if not self.low < self.high:
            raise StudyError(f"band [{self.low}, {self.high}]: the low end must lie below the high")
        if not isfinite(self.low) and not isfinite(self.high):
            raise StudyError(f"band [{self.low}, {self.high}]: one end must be finite")

    @property
    def one_sided(self) -> bool:
        """Whether it has one end only."""
        return not (isfinite(self.low) and isfinite(self.high))

    def __str__(self) -> str:
        """Write it as tables show it.

        >>> str(at_least(1.5)), str(Band(0.45, 0.55))
        ('≥ 1.5', '0.45 to 0.55')
        """
        if not isfinite(self.high):
            return f"≥ {self.low:.6g}"
        return f"{self.low:.6g} to {self.high:.6g}" if isfinite(self.low) else f"≤ {self.high:.6g}"


def around(centre: float, distance: float) -> Band:
    """Return the band of all numbers within a distance of a centre.

    >>> around(1.0, 0.25)
    Band(low=0.75, high=1.25)
    """
    return Band(centre - distance, centre + distance)


def at_least(low: float) -> Band:
    """Return the band of all numbers from one on.

    >>> at_least(1.5)
    Band(low=1.5, high=inf)
    """
    return Band(low, inf)


def at_most(high: float) -> Band:
    """Return the band of all numbers up to one.

    >>> at_most(0.2)
    Band(low=-inf, high=0.2)
    """
    return Band(-inf, high)


def band_to_json(band: Band) -> dict[str, float | None]:
    """Return a band as JSON holds it; an end that is infinite is null."""
    return {end: value if isfinite(value) else None for end, value in vars(band).items()}


def band_from_json(ends: Mapping[str, float | None]) -> Band:
    """Return the band that JSON holds."""
    low, high = ends["low"], ends["high"]
    return Band(-inf if low is None else low, inf if high is None else high)


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


@dataclass(frozen=True)
class Rival:
    """The law that lies nearest to the one claimed, and which the same samples must refuse.

    Attributes:
        law: what it says, in a sentence.
        prediction: what it gives for the quantity.
    """

    law: str
    prediction: float


@dataclass(frozen=True)
class Reading:
    """One way to settle what a source leaves open, listed before the run.

    Attributes:
        choice: what is chosen, in words.
        quantity: the key of the value that is read under this choice.
    """

    choice: str
    quantity: str


@dataclass(frozen=True)
class Withdrawn:
    """A verdict that stood once; it stays visible, with its number.

    Attributes:
        verdict: the old word.
        quantity: the key of the value that was read.
        band: that it was judged by.
        why: it was withdrawn, in a sentence or two.
    """

    verdict: Verdict
    quantity: str
    band: Band
    why: str


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One statement, made to be judged by one quantity and one band.

    Attributes:
        id: the slug by which the claim is cited; never renamed or reused.
        kind: what sort of statement it is.
        statement: what the source says, in our words; it can be read alone.
        source: where it says so, quoted with its hedges.
        quantity: the key of the value that is read.
        measured_as: what that value is, in words and with its unit.
        prediction: what the law gives for the quantity, a constant; None if a bound is claimed.
        band: where the whole interval must lie to agree.
        reason: why the band is as wide as it is.
        departure: how our setting differs from the source's; empty if in nothing.
        remark: the precise form of the statement, or what the verdict means.
        control: what to break so that the verdict changes.
        rival: the nearest other law; None if there is none.
        choice: how ``quantity`` settles what the source leaves open; empty if it leaves nothing.
        readings: other ways to settle it; if one agrees and another does not, the verdict is
            *depends*.
        constant_factors: what a training keeps constant though its source leaves it open; the
            verdict may hang on each.
        corrected: the claim of the corrected form, in which one constant or one scope is another.
        misprint: how the source's own derivation shows that it meant something else; empty if not.
        withdrawn: the verdict that stood here once, or None.
        data: the data set that the claim needs, or None if any will do.
        derivation: the label of the section of the site that derives it, if there is one.

    Raises:
        StudyError: if the id cannot be cited, a text is no sentence, nothing is measured or broken,
            the data is unknown, or the prediction is missing, not finite or outside the band.
    """

    id: str
    kind: Kind
    statement: str
    source: Source
    quantity: str
    measured_as: str = ""  # refused below, by a line that names the claim
    prediction: float | None = None
    band: Band
    reason: str
    remark: str
    control: NegativeControl
    rival: Rival | None = None
    choice: str = ""
    readings: tuple[Reading, ...] = ()
    constant_factors: tuple[Factor, ...] = ()
    corrected: "Claim | None" = None
    misprint: str = ""
    withdrawn: Withdrawn | None = None
    departure: str = ""
    data: str | None = None
    derivation: str | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """The keys of all values that it reads."""
        return (self.quantity, *(reading.quantity for reading in self.readings))

    def __post_init__(self) -> None:
        """Refuse a claim that does not say all that its reader needs."""
        _complete(
            self,
            statement=self.statement,
            measured_as=self.measured_as,
            reason=self.reason,
            remark=self.remark,
            control=self.control.change,
            departure=self.departure or "None.",
        )
        if not self.quantity.strip() or not self.control.overrides:
            raise StudyError(f"{self.id}: quantity and control.overrides: must not be empty")
        if self.data not in DATA:
            raise StudyError(f"{self.id}: data={self.data}: choose from mnist, mnist_5k or None")
        if bool(self.choice) != bool(self.readings):
            raise StudyError(f"{self.id}: choice and readings: give both, or neither")
        if self.prediction is None:
            if not self.band.one_sided:
                raise StudyError(f"{self.id}: prediction=None: a band with two ends needs one")
        elif not isfinite(self.prediction) or not (
            self.band.low <= self.prediction <= self.band.high
        ):
            raise StudyError(
                f"{self.id}: prediction={self.prediction}: must be finite and lie within its band, "
                f"{self.band}"
            )


@dataclass(frozen=True, kw_only=True)
class Untested:
    """One statement of a source that no measurement of this study decides.

    Attributes:
        id: the slug by which it is cited; never renamed or reused.
        statement: what the source says, in our words.
        source: where it says so.
        cause: of which kind the reason is.
        reason: why there is no verdict.
        withdrawn: the verdict that stood here once, or None.
        remark: the precise form of the statement, or what is known of it.
        derivation: the label of the section of the site that derives it, if there is one.

    Raises:
        StudyError: if a text is missing.
    """

    id: str
    statement: str
    source: Source
    cause: Cause
    reason: str
    remark: str
    withdrawn: Withdrawn | None = None
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


def outcome(value: Estimate | None, band: Band) -> Outcome:
    """Set one value against a band.

    Args:
        value: the estimate, or None if it was not measured.
        band: where its whole interval must lie.

    Returns:
        *agrees* if the interval lies wholly inside the band, *disagrees* if it lies wholly outside,
        *none* without a value; else *open*, also for a quantity that is not a number.
        Draws that all gave the same number have no spread to make an interval of and are counted:
        they decide if Wilson's interval of so many in so many lies above one half, so that at
        least a typical draw gives this number, which takes seven draws.
    """
    if value is None:
        return Outcome.NONE
    if value.agreed and rate([1.0] * value.draws).low <= 1 / 2:
        return Outcome.OPEN
    if band.low <= value.low and value.high <= band.high:
        return Outcome.AGREES
    if value.high < band.low or band.high < value.low:
        return Outcome.DISAGREES
    return Outcome.OPEN


def judge(claim: Claim, values: Mapping[str, Estimate], data: str) -> Verdict:
    """Give the verdict of one claim, in the words of its kind.

    Args:
        claim: the claim.
        values: the estimates of a run, by key.
        data: the name of the data set of that run.

    Returns:
        *not tested* if the data or a quantity is not there. Where the source leaves a choice open
        and one reading agrees while another does not, *depends*. Where all disagree, *misprint* if
        the source's derivation shows that it meant something else, and *holds with a correction* if
        the corrected claim agrees. A reading that decides nothing leaves it *inconclusive*, unless
        two others make it depend.
    """
    if claim.data not in {None, data}:
        return Verdict.NOT_TESTED
    agrees, disagrees = WORDS[claim.kind]
    outcomes = {outcome(values.get(key), claim.band) for key in claim.quantities}
    if Outcome.NONE in outcomes:
        return Verdict.NOT_TESTED
    if {Outcome.AGREES, Outcome.DISAGREES} <= outcomes:
        return Verdict.DEPENDS
    if outcomes == {Outcome.DISAGREES}:
        return _disagreeing(claim, values, data) or disagrees
    return agrees if outcomes == {Outcome.AGREES} else Verdict.INCONCLUSIVE


def _disagreeing(claim: Claim, values: Mapping[str, Estimate], data: str) -> Verdict | None:
    """Return what excuses a claim that disagrees as it is worded; None if nothing does."""
    if claim.misprint:
        return Verdict.MISPRINT
    right = claim.corrected and judge(claim.corrected, values, data).outcome == Outcome.AGREES
    return Verdict.CORRECTED if right else None


def refuses_rival(claim: Claim, values: Mapping[str, Estimate]) -> bool:
    """Tell whether the numbers that a claim is judged by contradict its nearest rival.

    The rival is judged by a band of the same width about its own prediction.

    Args:
        claim: the claim, which has a rival and a prediction.
        values: the estimates of a run, by key.

    Raises:
        StudyError: if it has none.
    """
    if claim.rival is None or claim.prediction is None:
        raise StudyError(f"{claim.id}: rival: it has none")
    shift = claim.rival.prediction - claim.prediction
    band = Band(claim.band.low + shift, claim.band.high + shift)
    return outcome(values.get(claim.quantity), band) == Outcome.DISAGREES


def distance(claim: Claim, value: Estimate | None) -> float | None:
    """Return how far a mean lies from the prediction, in half widths of its interval.

    Above 1 the interval excludes the prediction, whatever the verdict. None if there is no
    prediction, or no interval with a width and an end.
    """
    if claim.prediction is None or value is None or not 0 < value.half_width < inf:
        return None
    return abs(value.mean - claim.prediction) / value.half_width
