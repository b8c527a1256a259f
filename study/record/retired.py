"""Tombstones: ids of claims that are no longer made, and what to cite instead.

An id is never given to another statement. Where the meaning of one would change, it is retired
here, and its old place on the data sheet says so.
"""

from dataclasses import dataclass

from study.errors import StudyError
from study.record.claims import Verdict


@dataclass(frozen=True, kw_only=True)
class Retired:
    """An id that is not used any more.

    Attributes:
        id: the slug by which the claim was cited.
        statement: what it said.
        experiment: the name of the experiment whose data sheet had its card.
        verdict: the last one, in the words of then.
        quantity: the key of the value that was read; None if no run ever judged it.
        successor: the id of the claim to cite instead; None if there is none.
        why: it was retired, in a sentence or two.

    Raises:
        StudyError: if it does not say why.
    """

    id: str
    statement: str
    experiment: str
    verdict: Verdict
    quantity: str | None
    successor: str | None
    why: str

    def __post_init__(self) -> None:
        """Refuse a tombstone without an inscription."""
        if not self.why.endswith("."):
            raise StudyError(f"{self.id}: why={self.why}: must be a sentence")


SLOPE = (
    "It was read as the slope of one line through the origin over all networks, in which those "
    "whose number is near 1 have little weight; the successor reads each network."
)

WITHDRAWN = (
    "It was named before any run, and left out, after a trial, before the run that judges the "
    "others, since twelve thousand updates are too few to judge it."
)
OTHER_ID = (
    "It was given another id on the day that it was made, with the same statement, number and "
    "range."
)

UNDECIDED = (
    "It was named before any run, and left out, after a trial at quick size, before the run that "
    "judges the others: by plain descent both rules had nearly the same best rates at these widths."
)

ROUNDED = (
    "It was named before any run, and left out, after a trial at quick size, before the run that "
    "judges the others: rounding parts units that start equal. The successor reads gradients."
)

RETIRED: tuple[Retired, ...] = (
    Retired(
        id="he-eq15-eq16",
        statement="A negative slope a changes the factor of a layer from 1/2 to (1 + a²)/2.",
        experiment="relu_second_moment",
        verdict=Verdict.REPRODUCED,
        quantity="forward_factor.slope_quarter",
        successor="he-eq15-slope",
        why=OTHER_ID,
    ),
    Retired(
        id="he-eq16-backward",
        statement="A negative slope a changes the gradient's factor, too, to (1 + a²)/2.",
        experiment="relu_second_moment",
        verdict=Verdict.REPRODUCED,
        quantity="backward_factor.slope_quarter",
        successor="he-eq16-slope",
        why=OTHER_ID,
    ),
    Retired(
        id="s003-kaiming-divides-by-sqrt-inputs-only",
        statement=(
            "Dividing by the square root of the number of inputs is all kaiming_normal does."
        ),
        experiment="weight_fans",
        verdict=Verdict.CONTRADICTED,
        quantity="fan_in_times_variance.kaiming_normal",
        successor="kaiming-normal-has-a-gain",
        why=(
            "It charged the note with a word that it does not say, all, so that it was "
            "contradicted, by a mean of 2 where it predicts 1; the successor says what holds."
        ),
    ),
    *(
        Retired(
            id=id_,
            statement=statement,
            experiment="phase_maps",
            verdict=Verdict.REPRODUCED,
            quantity=quantity,
            successor=successor,
            why=SLOPE,
        )
        for id_, statement, quantity, successor in (
            (
                "lengths-settle-at-the-fixed-point",
                (
                    "The second moment of a tanh network's preactivations settles at the fixed "
                    "point of its map."
                ),
                "length_slope.tanh",
                "length-settles-in-each-network",
            ),
            (
                "nearby-inputs-grow-by-chi",
                (
                    "Each layer of a tanh network multiplies the gap of inputs that are nearly "
                    "alike by χ₁."
                ),
                "near_slope.tanh",
                "gap-grows-by-chi-in-each-network",
            ),
            (
                "gradient-grows-by-chi",
                (
                    "The gradient of a tanh network vanishes in the ordered and explodes in the "
                    "chaotic phase, by χ₁ per layer."
                ),
                "gradient_slope.tanh",
                "gradient-grows-by-chi-in-each-network",
            ),
        )
    ),
    *(
        Retired(
            id=f"gb-shapeset-{id_}",
            statement=statement,
            experiment="glorot_shapeset",
            verdict=Verdict.NOT_TESTED,
            quantity=None,
            successor=None,
            why=WITHDRAWN,
        )
        for id_, statement in (
            (
                "fig3-softsign-less",
                (
                    "On Shapeset the layers of a softsign network saturate less than those of a "
                    "tanh network."
                ),
            ),
            (
                "fig3-tanh-sequential",
                (
                    "On Shapeset the layers of tanh networks with the common initialisation "
                    "saturate in order, the first one first."
                ),
            ),
            (
                "fig7-reverses-in-training",
                (
                    "On Shapeset training turns round that gradients shrink on their way down in a"
                    " tanh network with the common initialisation."
                ),
            ),
            (
                "fig9-divergence-standard",
                (
                    "On Shapeset the weight gradients of a tanh network's layers diverge in "
                    "training with the common initialisation: they become larger in the lower "
                    "layers."
                ),
            ),
            (
                "fig9-normalised-diverges-less",
                (
                    "On Shapeset the weight gradients of a tanh network's layers diverge less with"
                    " the normalised initialisation than with the common one."
                ),
            ),
            (
                "tanh-slower-than-softsign",
                (
                    "On Shapeset tanh networks with the common initialisation converge more slowly"
                    " than softsign networks with the same."
                ),
            ),
        )
    ),
    *(
        Retired(
            id=id_,
            statement=f"Hidden {units} are equal after any number of updates.",
            experiment="equal_units_training",
            verdict=Verdict.NOT_TESTED,
            quantity=None,
            successor=successor,
            why=ROUNDED,
        )
        for id_, units, successor in (
            (
                "equal-units-stay-equal-relu",
                "ReLU units that start with equal weights in and out",
                "equal-units-equal-gradients-relu",
            ),
            (
                "equal-units-stay-equal-tanh",
                "tanh units that start with equal weights in and out",
                "equal-units-equal-gradients-tanh",
            ),
            (
                "equal-units-stay-equal-sigmoid",
                "sigmoid units that start with equal weights in and out",
                "equal-units-equal-gradients-sigmoid",
            ),
            (
                "zeros-sigmoid-stay-equal",
                "sigmoid units that start with all parameters at zero",
                "equal-units-equal-gradients-sigmoid",
            ),
        )
    ),
    *(
        Retired(
            id=old,
            statement=statement,
            experiment="width_transfer",
            verdict=Verdict.NOT_TESTED,
            quantity=None,
            successor=new,
            why=UNDECIDED,
        )
        for old, statement, new in (
            (
                "standard-descent-rate-falls",
                "With one learning rate the best one by plain gradient descent falls with width.",
                "standard-adam-rate-falls",
            ),
            (
                "standard-descent-transfer-costs",
                "With one rate that of a narrow network by plain descent costs a wide one.",
                "standard-adam-transfer-costs",
            ),
            (
                "maximal-descent-rate-stays",
                "With maximal updates the best rate by plain gradient descent stays.",
                "maximal-adam-rate-stays",
            ),
            (
                "maximal-descent-transfers",
                "With maximal updates the rate of a narrow network by plain descent serves any.",
                "maximal-adam-rate-stays",
            ),
        )
    ),
    Retired(
        id="maximal-adam-transfers",
        statement=(
            "At the best rate of a narrow network by Adam a wide one has less loss with maximal "
            "updates than with one rate for all layers, by at least a fifteenth."
        ),
        experiment="width_transfer",
        verdict=Verdict.INCONCLUSIVE,
        quantity="log2_over_standard.maximal_adam",
        successor="maximal-adam-rate-stays",
        why=(
            "Its interval reached beyond its range in the first run, and at quick size as well, so "
            "that no negative control could show anything."
        ),
    ),
)
"""All of them, oldest first."""
