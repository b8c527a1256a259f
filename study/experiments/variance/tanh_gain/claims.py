"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import sqrt

from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    Rival,
    around,
    within,
)
from study.theory import activations, mean_field, moments
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

FIVE_THIRDS = 5 / 3
SECTION = "chapter The gain of tanh, section "
WIDE_LAYERS = (
    "Two per cent: the law is for wide layers, and a layer of some hundred units strays by less."
)
DERIVATION = "derivation-tanh-gain"


TANH = activations.activation("tanh")


def one_layer(gain: float) -> float:
    """Return the deviation after one tanh layer above inputs of unit mean square."""
    return sqrt(moments.second_moment(TANH, gain**2))


def settled_gradient_factor(gain: float) -> float:
    """Return the factor of the gradient per layer where the signal has settled."""
    q = mean_field.length_fixed_point(TANH, gain**2, 0.0)
    return mean_field.gradient_factor(TANH, q, gain**2)


SETTLED_MOMENT = mean_field.length_fixed_point(TANH, FIVE_THIRDS**2, 0.0)
SETTLED_ACTIVATION = sqrt(moments.second_moment(TANH, SETTLED_MOMENT))
AMPLIFICATION = one_layer(FIVE_THIRDS) / one_layer(1.0)
GRADIENT = settled_gradient_factor(FIVE_THIRDS)
SATURATED_SHARE = moments.saturated_share(FIVE_THIRDS**2, 0.97)

gain_law = partial(
    Claim,
    derivation=DERIVATION,
)

CLAIMS = (
    gain_law(
        id="s003-tanh-amplify",
        kind=Kind.LAW,
        statement=(
            "A gain of 5/3 amplifies the values against the squashing of tanh, so that "
            "the standard deviation after the activation is nearer to 1."
        ),
        source=NORMALISATION_NOTE.at(
            "sentence “This helps with tanh because it's a squashing function, so we want "
            "to amplify the values a bit, to fight back against it squashing everything "
            "inward.”"
        ),
        quantity="first_deviation_over_one.five_thirds",
        measured_as=(
            "Standard deviation after the first tanh layer with the gain 5/3 over that "
            "with the gain 1, averaged over images and networks, before training; a "
            "ratio."
        ),
        prediction=AMPLIFICATION,
        band=within(AMPLIFICATION, 0.02),
        reason=("Two per cent, a tenth of what the gain adds to the standard deviation."),
        departure=("One layer on MNIST images of unit mean square; the note's has random inputs."),
        remark=(
            "It is nearer to 1, “more normal” in the note's word, and not 1 "
            "(tanh-one-layer-five-thirds). Through depth the gain keeps the signal "
            "(tanh-level-five-thirds) and not the gradient (tanh-gradient-five-thirds)."
        ),
        control=NegativeControl("Take the gain 1.", {"arms.five_thirds": 1.0}),
        rival=Rival(("The tanh squashes nothing, and the gain comes through whole."), FIVE_THIRDS),
    ),
    Claim(
        id="tanh-one-layer-gain-one",
        kind=Kind.LAW,
        statement=("After one tanh of unit preactivations the standard deviation is 0.628."),
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_deviation.one",
        measured_as=(
            "Root mean square after the first tanh layer with the gain 1, over units, "
            "averaged over images and networks, before training."
        ),
        prediction=one_layer(1.0),
        band=within(one_layer(1.0), 0.02),
        reason=WIDE_LAYERS,
        remark=("The root of E[tanh²(u)] for a standard Gaussian u, by quadrature."),
        control=NegativeControl("Take the gain 5/4.", {"arms.one": 1.25}),
        derivation=DERIVATION,
    ),
    gain_law(
        id="tanh-one-layer-five-thirds",
        kind=Kind.LAW,
        statement=("With the gain 5/3 the standard deviation after one tanh is 0.759, not 1."),
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_deviation.five_thirds",
        measured_as=(
            "Root mean square after the first tanh layer with the gain 5/3, over units, "
            "averaged over images and networks, before training."
        ),
        prediction=one_layer(FIVE_THIRDS),
        band=within(one_layer(FIVE_THIRDS), 0.02),
        reason=WIDE_LAYERS,
        remark=("The root of E[tanh²(5u/3)]. No gain gives 1, for a tanh lies below 1."),
        control=NegativeControl("Take the gain 3/2.", {"arms.five_thirds": 1.5}),
        rival=Rival(("The gain undoes the squashing, and the standard deviation is 1."), 1.0),
    ),
    gain_law(
        id="tanh-saturated-five-thirds",
        kind=Kind.LAW,
        statement=(
            "With the gain 5/3 a fifth of the tanh units of the first layer are beyond 0.97."
        ),
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_saturated.five_thirds",
        measured_as=(
            "Share of the units of the first layer whose tanh is beyond 0.97 in size, "
            "with the gain 5/3, averaged over images and networks, before training."
        ),
        prediction=SATURATED_SHARE,
        band=around(SATURATED_SHARE, 0.01),
        reason="One point of the share; the gain 1 gives a sixth of it.",
        remark=(
            "The share with gain 1 is 0.036. Deeper the preactivations are smaller, and fewer."
        ),
        control=NegativeControl("Count the units beyond 0.95.", {"saturation": 0.95}),
        rival=Rival("The share with the gain 1.", moments.saturated_share(1.0, 0.97)),
    ),
    Claim(
        id="tanh-decay-gain-one",
        kind=Kind.LAW,
        statement=(
            "With the gain 1 the standard deviation after l layers of tanh falls as 1/√(2l)."
        ),
        source=THIS_STUDY.at(f"{SECTION}“With the gain 1 the signal fades, but slowly”"),
        quantity="last_deviation_over_decay.one",
        measured_as=(
            "Root mean square after the last layer with the gain 1, times the root of "
            "twice the number of layers, averaged over images and networks, before "
            "training; a ratio to the law."
        ),
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "Five per cent: the law is the leading term for many layers, one or two per "
            "cent short of the recursion at these depths, and a finite width adds its "
            "part."
        ),
        remark=("The standard deviation after the last layer, times √(2l). It falls as a power."),
        rival=Rival("A fall as 1/√l, without the 2.", sqrt(2)),
        control=NegativeControl("Take the gain 1.05.", {"arms.one": 1.05}),
        derivation="derivation-tanh-decay",
    ),
    gain_law(
        id="tanh-level-five-thirds",
        kind=Kind.LAW,
        statement=(
            "With the gain 5/3 the standard deviation of a tanh network's activations "
            "settles at 0.651."
        ),
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="last_deviation.five_thirds",
        measured_as=(
            "Root mean square of the activations of the last layer with the gain 5/3, "
            "averaged over images and networks, before training."
        ),
        prediction=SETTLED_ACTIVATION,
        band=within(SETTLED_ACTIVATION, 0.02),
        reason=WIDE_LAYERS,
        remark=(
            "From any input: the fixed point does not remember how large the input was. "
            "It is the reason given for 5/3 in torch's forum (thread 20854, "
            "Calculate_gain('tanh')): an input of standard deviation 1 comes out with "
            "0.6518 after ten layers, and with as much after 20 or 100 or from half the "
            "input."
        ),
        control=NegativeControl("Take the gain 1.4.", {"arms.five_thirds": 1.4}),
        rival=Rival("The level after one layer stays.", one_layer(FIVE_THIRDS)),
    ),
    gain_law(
        id="tanh-preactivation-five-thirds",
        kind=Kind.LAW,
        statement=(
            "With the gain 5/3 the standard deviation of a tanh network's preactivations "
            "settles at 1.086."
        ),
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="last_preactivation_deviation.five_thirds",
        measured_as=(
            "Root mean square of the preactivations of the last layer with the gain 5/3, "
            "averaged over images and networks, before training."
        ),
        prediction=sqrt(SETTLED_MOMENT),
        band=within(sqrt(SETTLED_MOMENT), 0.02),
        reason=WIDE_LAYERS,
        remark=("This is what 5/3 keeps near 1; exactly 1 would need the gain 1.593."),
        control=NegativeControl("Take the gain 1.6.", {"arms.five_thirds": 1.6}),
        rival=Rival("The gain 5/3 keeps it at 1 exactly.", 1.0),
    ),
    Claim(
        id="tanh-gradient-five-thirds",
        kind=Kind.LAW,
        statement=(
            "With the gain 5/3 the second moment of a tanh network's gradient grows 1.21 "
            "times per layer."
        ),
        source=THIS_STUDY.at(f"{SECTION}“What 5/3 lets grow”"),
        quantity="gradient_factor.five_thirds",
        measured_as=(
            "Factor per layer of the second moment of a random gradient over the upper "
            "half of the layers, with the gain 5/3, averaged over images and networks, "
            "before training."
        ),
        prediction=GRADIENT,
        band=within(GRADIENT, 0.02),
        reason=WIDE_LAYERS,
        departure=("A random gradient enters at the top; that of a loss depends on the network."),
        remark=(
            "Read over the upper half of the layers, where the signal has settled. So 5/3 "
            "keeps the signal and not the gradient, which grows ten thousandfold in 50 "
            "layers."
        ),
        rival=Rival("A gain that keeps the signal keeps the gradient.", 1.0),
        control=NegativeControl("Take the gain 5/4.", {"arms.five_thirds": 1.25}),
        derivation="derivation-tanh-gradient",
    ),
)
