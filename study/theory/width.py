r"""Powers of the width: how far a first update moves each layer, and what keeps that the same.

A network has weights from the input, between hidden layers of width ``n`` and to the outputs. Its
input and its outputs do not grow with ``n``. What a weight starts with and what it is updated with
are powers of the width, and so is what an update does to the preactivations.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from study.errors import StudyError

Place: TypeAlias = Literal["first", "hidden", "last"]
Rule: TypeAlias = Literal["standard", "maximal"]
Optimiser: TypeAlias = Literal["descent", "adam"]

PLACES: tuple[Place, ...] = ("first", "hidden", "last")


@dataclass(frozen=True)
class Powers:
    r"""Powers of the width that belong to one layer.

    Attributes:
        size: of the standard deviation of a weight.
        rate: of its learning rate.
    """

    size: float
    rate: float


def powers_of_rule(rule: Rule, optimiser: Optimiser) -> dict[Place, Powers]:
    r"""Return with which powers of the width weights start, and are updated.

    The standard rule has a weight variance over fan_in in every layer, and one learning rate. The
    maximal one starts the last layer smaller by the root of the width, and has rates of their own
    for each kind of layer, so that an update moves every layer by as much as it can at any width.

    Args:
        rule: ``standard`` or ``maximal``.
        optimiser: ``descent``, plain, or ``adam``, which moves all weights alike.

    Returns:
        By kind of layer.

    Raises:
        StudyError: if there is none of this name.

    **Source**: chapter Width and learning rate, section “What keeps the updates”.

    >>> powers_of_rule("maximal", "adam")["hidden"]
    Powers(size=-0.5, rate=-1.0)
    """
    rates: dict[tuple[Rule, Optimiser], tuple[float, float, float]] = {
        ("standard", "descent"): (0.0, 0.0, 0.0),
        ("standard", "adam"): (0.0, 0.0, 0.0),
        ("maximal", "descent"): (1.0, 0.0, -1.0),
        ("maximal", "adam"): (0.0, -1.0, -1.0),
    }
    if (rule, optimiser) not in rates:
        raise StudyError(
            f"rule {rule!r}, optimiser {optimiser!r}: choose standard or maximal, descent or adam"
        )
    sizes = (0.0, -0.5, -0.5 if rule == "standard" else -1.0)
    triples = zip(PLACES, sizes, rates[rule, optimiser], strict=True)
    return {place: Powers(size, rate) for place, size, rate in triples}


def update_powers(rule: dict[Place, Powers], optimiser: Optimiser) -> dict[Place, float]:
    r"""Return with which power of the width the first update changes each layer's preactivations.

    With the powers :math:`b_l` of the sizes and :math:`c_l` of the rates, of first, hidden and
    last layer, and a gradient of the hidden preactivations that has the power :math:`b_3` of the
    last weights, plain descent has

    .. math::
        r_1 = c_1 + b_3 , \qquad r_2 = \max(c_2 + b_3 + 1,\ r_1) , \qquad
        r_3 = \max(c_3 + 1,\ r_2 + 1 + b_3) .

    A product of activations that are alike sums ``n`` terms. Adam divides the gradient by its own
    size, so :math:`b_3` drops out of the first two.

    Args:
        rule: the powers of size and rate by kind of layer; hidden weights have the size -1/2.
        optimiser: ``descent`` or ``adam``.

    Returns:
        By kind of layer, the last of them the outputs.

    **Source**: chapter Width and learning rate, section “What one update does”.

    >>> update_powers(powers_of_rule("standard", "adam"), "adam")
    {'first': 0.0, 'hidden': 1.0, 'last': 1.5}
    """
    gradient = rule["last"].size if optimiser == "descent" else 0.0
    first = rule["first"].rate + gradient
    hidden = max(rule["hidden"].rate + gradient + 1, first)
    last = max(rule["last"].rate + 1, hidden + 1 + rule["last"].size)
    return {"first": first, "hidden": hidden, "last": last}
