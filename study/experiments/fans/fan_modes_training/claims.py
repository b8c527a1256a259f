"""What is claimed, what it predicts, and what must not agree."""

from typing import Any

from study.record.claims import (
    Claim,
    Factor,
    Kind,
    NegativeControl,
    Reading,
    around,
    at_least,
    at_most,
)
from study.theory.sources import HE_2015, THIS_STUDY

SECTION = "chapter fan_in or fan_out, section “What the choice costs”"
A_QUARTER = (
    "A quarter more updates: less is hardly worth a choice, and lies within what another learning "
    "rate does."
)
OF_EACH = (
    "each mode at the learning rate that did best in trainings with other weights, of a grid with "
    "steps of 2"
)
LIKE_FAN_IN = {"modes.fan_out.hidden": "fan_in", "modes.fan_out.last": "fan_in"}


def updates_over_fan_in(mode: str) -> dict[str, Any]:
    """Return what a claim needs to be read of each network that is trained to the target."""
    return {
        "quantity": f"updates_over_fan_in.wide_{mode}",
        "choice": "Plain descent on standardised images, layers of 256 units.",
        "readings": (
            Reading("Pixels from 0 to 1.", f"updates_over_fan_in.wide_unit_{mode}"),
            Reading("Adam.", f"updates_over_fan_in.wide_adam_{mode}"),
            Reading("Layers of 64 units.", f"updates_over_fan_in.wide_64_{mode}"),
        ),
    }


CLAIMS = (
    Claim(
        id="he-both-forms-converge",
        kind=Kind.FINDING,
        statement=(
            "With weights of variance 2/fan_in and 2/fan_out alike, deep networks begin "
            "to converge."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “For all models in this paper, both "
            "forms can make them converge”"
        ),
        quantity="learnt_share.deep",
        choice="Standardised images.",
        readings=(Reading("Pixels from 0 to 1.", "learnt_share.deep_unit"),),
        measured_as=(
            "The share learnt of what separates a guess from no error, on validation "
            "images after some hundred updates, of the worse of both forms in a draw, "
            f"{OF_EACH}; averaged over draws."
        ),
        band=at_least(0.5),
        reason=(
            "More than half of what separates a guess from no error, for the worse of "
            "both forms: in so short a training that is on its way, where a network that "
            "stalls has nothing."
        ),
        departure=(
            "A dense network of 22 layers with ten outputs, on MNIST, some hundred updates of "
            f"plain descent, {OF_EACH}: the beginning. The paper trains its networks of "
            "convolutions to the end, and says that both converge."
        ),
        remark=(
            "None of the paper's own models was trained. Both begin to converge, but not "
            "alike: with ten outputs, 2/fan_out needs more updates "
            "(fan-out-costs-updates) and its error is the larger of the two here."
        ),
        constant_factors=(Factor.OPTIMISER, Factor.IMAGES, Factor.WIDTH),
        control=NegativeControl(
            "Give one of the forms a twentieth of the variance 1/fan_out.",
            {"modes.fan_out.weight_variance": 0.05},
        ),
        derivation="derivation-telescope",
    ),
    Claim(
        id="modes-are-one-function",
        kind=Kind.IDENTITY,
        statement=(
            "Before training, a ReLU network without biases computes the same function "
            "with weights of variance 2/fan_out as with 2/fan_in, times the root of the "
            "number of its inputs over that of its outputs."
        ),
        source=THIS_STUDY.at(
            "chapter How fast each layer learns, section “Before training, all modes are one "
            "function”"
        ),
        quantity="same_outputs.wide",
        measured_as=(
            "One minus the share of the squared outputs that the factor between the two "
            "modes does not explain, on the same random numbers, averaged over networks."
        ),
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: it is an identity, exact but for rounding.",
        remark=(
            "One minus the share of the squared outputs that this factor does not "
            "explain. So the mode chooses the size of the outputs, and how fast each "
            "layer learns."
        ),
        control=NegativeControl("Replace the ReLU by tanh.", {"networks.wide.activation": "tanh"}),
        derivation="derivation-one-function",
    ),
    Claim(
        id="fan-out-costs-updates",
        kind=Kind.FINDING,
        statement=(
            "A ReLU network with two hidden layers and ten outputs needs at least a quarter more "
            "updates from weights of variance 2/fan_out than from 2/fan_in."
        ),
        source=THIS_STUDY.at(SECTION),
        **updates_over_fan_in("fan_out"),
        measured_as=(
            "Updates to a loss with 2/fan_out over those with 2/fan_in in the same draw, "
            f"{OF_EACH}; a ratio, averaged over draws."
        ),
        band=at_least(1.25),
        reason=A_QUARTER,
        remark="A measured fact about these networks, not a law.",
        constant_factors=(Factor.IMAGES,),
        control=NegativeControl("Divide by fan_in.", LIKE_FAN_IN),
        derivation="what-it-costs",
    ),
    Claim(
        id="the-last-layer-decides",
        kind=Kind.FINDING,
        statement=(
            "With 2/fan_in for the last layer alone, a ReLU network with two hidden layers and ten "
            "outputs needs less than a quarter more updates from weights of variance 2/fan_out "
            "than from 2/fan_in."
        ),
        source=THIS_STUDY.at(SECTION),
        **updates_over_fan_in("fan_out_but_last"),
        measured_as=(
            "Updates to a loss with 2/fan_out but for the last layer over those with "
            f"2/fan_in in the same draw, {OF_EACH}; a ratio, averaged over draws."
        ),
        band=at_most(1.25),
        reason=A_QUARTER,
        remark=("So what fan_out costs in such a network, it costs at the last layer."),
        constant_factors=(Factor.IMAGES,),
        control=NegativeControl(
            "Give these weights a hundredth of their variance.",
            {"modes.fan_out_but_last.weight_variance": 0.02},
        ),
        derivation="what-it-costs",
    ),
)
