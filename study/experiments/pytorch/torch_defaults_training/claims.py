"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Factor, Kind, NegativeControl, Reading, at_least, at_most
from study.theory.sources import THIS_STUDY

SECTION = "chapter What PyTorch really does, section “What it costs in training”"
FLOOR = "derivation-bias-floor"
DESCENT = "300 updates of plain stochastic gradient descent at a learning rate of 0.1"
BUDGET = "Networks 128 wide on 10,000 images of MNIST, minibatches of 64."
LAST = (
    "The loss of the last ten of 300 updates over that of guessing, log 10; a ratio, the mean over "
    "draws."
)
SLOWDOWN = (
    "The binary logarithm of a ratio of updates to half the loss of guessing, within a draw: from "
    "torch's defaults to those from He's weights; the median over draws."
)
LEARNS = "Half of the loss of guessing; a network that has not begun is at all of it."
STALLS = "Two per cent below log 10, the loss of guessing with equal chances."
TWICE = "Twice the updates: a difference that one would take the trouble to initialise for."
OWN_RATE = (
    "Each network has the learning rate that did best in one training with other weights and "
    "another order of the images, of a grid with steps of 2. A network that is not there after 500 "
    "updates counts with these."
)
TRIALS = (
    "Trials beside the study came before: within 300 updates the same 8 layers did begin to learn "
    "at a rate of 0.3, with momentum 0.9, and with Adam at 0.001 and 0.003."
)

at_a_tenth = partial(
    Claim,
    kind=Kind.FINDING,
    source=THIS_STUDY.at(SECTION),
    measured_as=LAST,
    departure=f"{BUDGET} Of another optimiser or another rate the claim says nothing.",
    choice="Standardised images.",
)
slowdown = partial(
    Claim,
    kind=Kind.FINDING,
    source=THIS_STUDY.at(SECTION),
    measured_as=SLOWDOWN,
    band=at_least(1.0),
    reason=TWICE,
    departure=BUDGET,
    choice="Standardised images.",
    derivation=FLOOR,
)


def unit_pixels(quantity: str) -> tuple[Reading, ...]:
    """Return the reading with pixels from 0 to 1."""
    return (Reading("Pixels from 0 to 1.", quantity),)


CLAIMS = (
    at_a_tenth(
        id="torch-default-stalls",
        statement=(
            "With torch's defaults a ReLU network of 8 layers does not begin to learn in "
            f"{DESCENT}."
        ),
        quantity="last_loss_over_chance.deep_default",
        band=at_least(0.98),
        reason=STALLS,
        remark=(
            "The output hardly depends on the image, and the gradient hardly reaches the first "
            "layers. It is a plateau: with more updates it learns, and the deeper, the later. That "
            "it hangs on the optimiser and the rate is torch-default-eight-layers-do-not-begin."
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Start from He's weights.", {"networks.deep_default.start": "he"}),
        readings=unit_pixels("last_loss_over_chance.deep_default_fixed_unit"),
        derivation=FLOOR,
    ),
    at_a_tenth(
        id="torch-default-shallow-learns",
        statement=f"With torch's defaults a ReLU network of 3 layers learns in {DESCENT}.",
        quantity="last_loss_over_chance.shallow_default",
        band=at_most(0.5),
        reason=LEARNS,
        remark=(
            "After three layers the image still outweighs the biases, at this width, if it is "
            "standardised. Its errors are nevertheless more than those from He's weights. Pixels "
            "from 0 to 1 have a tenth of the mean square."
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Give it 8 layers.", {"networks.shallow_default.depth": 8}),
        readings=unit_pixels("last_loss_over_chance.shallow_default_fixed_unit"),
    ),
    at_a_tenth(
        id="he-start-learns-where-default-stalls",
        statement=f"From He's weights a ReLU network of 8 layers learns in {DESCENT}.",
        quantity="last_loss_over_chance.deep_he",
        band=at_most(0.5),
        reason=LEARNS,
        remark="The same network, images, order and learning rate as torch-default-stalls.",
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Start from torch's defaults.", {"networks.deep_he.start": "default"}
        ),
        readings=unit_pixels("last_loss_over_chance.deep_he_fixed_unit"),
    ),
    Claim(
        id="torch-default-eight-layers-do-not-begin",
        kind=Kind.FINDING,
        statement=(
            "With torch's defaults a ReLU network of 8 layers does not begin to learn in 300 "
            "updates."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="last_loss_over_chance.deep_default",
        measured_as=LAST,
        band=at_least(0.98),
        reason=STALLS,
        departure=BUDGET,
        remark=(
            "What one would like to conclude from torch-default-stalls, and what advice must not "
            f"rest on if the choice of optimiser and rate turns it. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl("Make ten updates only.", {"updates": 10}),
        choice="Plain descent at a learning rate of 0.1, standardised images.",
        readings=(
            Reading(
                "Plain descent at the network's own best rate.",
                "last_loss_over_chance.deep_default_descent",
            ),
            Reading(
                "Adam at the network's own best rate.", "last_loss_over_chance.deep_default_adam"
            ),
            Reading(
                "Plain descent at the network's own best rate, pixels from 0 to 1.",
                "last_loss_over_chance.deep_default_descent_unit",
            ),
            Reading(
                "Adam at the network's own best rate, pixels from 0 to 1.",
                "last_loss_over_chance.deep_default_adam_unit",
            ),
        ),
        derivation=FLOOR,
    ),
    slowdown(
        id="torch-default-slower-by-descent",
        statement=(
            "By plain stochastic gradient descent a ReLU network of 8 layers takes at least twice "
            "as many updates to half the loss of guessing from torch's defaults as from He's "
            "weights, each at its own best learning rate."
        ),
        quantity="median.log2_slowdown.descent",
        remark=f"{OWN_RATE} {TRIALS}",
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Start from He's weights both times.", {"networks.deep_default.start": "he"}
        ),
        readings=unit_pixels("median.log2_slowdown.descent_unit"),
    ),
    slowdown(
        id="torch-default-slower-by-adam",
        statement=(
            "By Adam a ReLU network of 8 layers takes at least twice as many updates to half the "
            "loss of guessing from torch's defaults as from He's weights, each at its own best "
            "learning rate."
        ),
        quantity="median.log2_slowdown.adam",
        remark=f"{OWN_RATE} {TRIALS}",
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Start from He's weights both times.", {"networks.deep_default.start": "he"}
        ),
        readings=unit_pixels("median.log2_slowdown.adam_unit"),
    ),
    Claim(
        id="torch-default-learns-by-adam",
        kind=Kind.FINDING,
        statement=(
            "With torch's defaults a ReLU network of 8 layers learns in 300 updates of Adam, at "
            "its own best learning rate."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="last_loss_over_chance.deep_default_adam",
        measured_as=LAST,
        band=at_most(0.5),
        reason=LEARNS,
        departure=BUDGET,
        remark=(
            "Adam divides a gradient by its size, so that one that is small in all layers is no "
            f"obstacle. {TRIALS}"
        ),
        constant_factors=(Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Train by plain descent at a rate of 0.004 at most.",
            {"courses.adam.optimiser": "descent"},
        ),
        choice="Standardised images.",
        readings=unit_pixels("last_loss_over_chance.deep_default_adam_unit"),
    ),
)
