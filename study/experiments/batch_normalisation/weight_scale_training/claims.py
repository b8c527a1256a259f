"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log
from typing import Any

from study.record.claims import Claim, Factor, Kind, NegativeControl, Reading, at_least, at_most
from study.theory.sources import THIS_STUDY

SECTION = (
    "chapter What survives normalisation and Adam, section “What another variance costs in "
    "training”"
)
A_TENTH = (
    "A tenth of the loss: less is hardly worth a choice, and is about what another learning rate "
    "of the grid makes."
)
MORE, NO_MORE = at_least(log(1.1)), at_most(log(1.1))
RULES = {"descent": "plain descent", "adam": "Adam"}
VARIANCES = {"quarter": "a quarter of the", "four": "four times the"}

weight_scale = partial(
    Claim,
    kind=Kind.FINDING,
    source=THIS_STUDY.at(SECTION),
    measured_as=(
        "The logarithm of the loss, averaged over the last updates of a training, each before its "
        "update and on images that no update has seen, over that from the usual variance in the "
        "same draw; averaged over draws."
    ),
    reason=A_TENTH,
    constant_factors=(Factor.IMAGES, Factor.WIDTH),
    departure=(
        "Eight hidden ReLU layers of width 64 on MNIST, 160 updates with minibatches of 50. The "
        "usual variance is 2/fan_in, which the last weights always have; biases start at zero, "
        "LayerNorm has no gain and no shift, and one learning rate serves all parameters. At quick "
        "size trainings are shorter, at rates that are not searched for."
    ),
)


def at_both_scales(network: str, size: str) -> dict[str, Any]:
    """Return what a claim needs to be read at both scales of the pixels.

    Args:
        network: its name.
        size: the name of the start.
    """
    quantity = f"log_cost.{network}_{size}"
    return {
        "quantity": quantity,
        "choice": "Standardised images.",
        "readings": (Reading("Pixels from 0 to 1.", f"{quantity}_unit"),),
    }


OWN_RATE = (
    "Each start has the learning rate with the smallest loss in trainings with other weights, of a "
    "grid with steps of 2."
)
CLAIMS = (
    *(
        weight_scale(
            id=f"plain-{rule}-{size}-variance-costs",
            statement=(
                f"Without a normalisation, hidden weights of {variance} usual variance cost a deep "
                f"ReLU network loss in a short training by {name}, each start at a learning rate "
                "of its own."
            ),
            **at_both_scales(f"plain_{rule}", size),
            band=MORE,
            remark=f"{OWN_RATE} Costs are a tenth more loss, or more.",
            control=NegativeControl(
                "Start from the usual variance.",
                {f"networks.plain_{rule}.starts.{size}.weight_variance": 2.0},
            ),
            derivation="what-another-variance-costs",
        )
        for rule, name in RULES.items()
        for size, variance in VARIANCES.items()
    ),
    *(
        weight_scale(
            id=f"norm-{rule}-{size}-variance-costs-nothing",
            statement=(
                f"With LayerNorm, hidden weights of {variance} usual variance cost a deep ReLU "
                f"network no loss in a short training by {name}, each start at a learning rate of "
                "its own."
            ),
            **at_both_scales(f"norm_{rule}", size),
            band=NO_MORE,
            remark=(
                f"{OWN_RATE} At rates that follow the scale of the hidden weights alone it would "
                "be an identity; here the last layer has the same rate."
            ),
            control=NegativeControl("Take LayerNorm out.", {f"networks.norm_{rule}.norm": "none"}),
            derivation="what-another-variance-costs",
        )
        for rule, name in RULES.items()
        for size, variance in VARIANCES.items()
    ),
)
