"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import sqrt

from study.record.claims import Claim, NegativeControl, around, within
from study.theory import activations, mean_field, moments
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

FIVE_THIRDS = 5 / 3
SECTION = "chapter The gain of tanh, section "
WIDE = "Two per cent: the law is for wide layers, and a layer of some hundred units strays by less."
NO_GAIN = NegativeControl("Take the gain 1.", {"arms.five_thirds": 1.0})
DERIVED = "derivation-tanh-gain"


TANH = activations.activation("tanh")


def one_layer(gain: float) -> float:
    """Return the deviation after one tanh layer above inputs of unit mean square."""
    return sqrt(moments.second_moment(TANH, gain**2))


def settled_gradient_factor(gain: float) -> float:
    """Return the factor of the gradient per layer where the signal has settled."""
    q = mean_field.length_fixed_point(TANH, gain**2, 0.0)
    return mean_field.gradient_factor(TANH, q, gain**2)


SETTLED = mean_field.length_fixed_point(TANH, FIVE_THIRDS**2, 0.0)
SETTLED_ACTIVATION = sqrt(moments.second_moment(TANH, SETTLED))
AMPLIFIED = one_layer(FIVE_THIRDS) / one_layer(1.0)
GRADIENT = settled_gradient_factor(FIVE_THIRDS)
SATURATED = moments.saturated_share(FIVE_THIRDS**2, 0.97)

amplified = partial(
    Claim,
    control=NO_GAIN,
    derivation=DERIVED,
)

CLAIMS = (
    amplified(
        id="s003-tanh-amplify",
        statement=(
            "A gain of 5/3 amplifies the values against the squashing of tanh, so that the "
            "standard deviation after the activation is nearer to 1."
        ),
        source=NORMALISATION_NOTE.at("“to fight back against it squashing everything inward”"),
        quantity="first_deviation_over_one.five_thirds",
        prediction=AMPLIFIED,
        band=within(AMPLIFIED, 0.02),
        reason="Two per cent, a tenth of what the gain adds to the deviation.",
        departure="One layer on MNIST images of unit mean square; the note's has random inputs.",
        remark=(
            "The deviation after the first layer with gain 5/3 over that with gain 1. It is nearer "
            "to 1 but not 1 (tanh-one-layer-five-thirds). Through depth the gain keeps the signal "
            "(tanh-level-five-thirds) and not the gradient (tanh-gradient-five-thirds)."
        ),
    ),
    Claim(
        id="tanh-one-layer-gain-one",
        statement="After one tanh of unit preactivations the standard deviation is 0.628.",
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_deviation.one",
        prediction=one_layer(1.0),
        band=within(one_layer(1.0), 0.02),
        reason=WIDE,
        remark="The root of E[tanh²(u)] for a standard Gaussian u, by quadrature.",
        control=NegativeControl("Take the gain 5/4.", {"arms.one": 1.25}),
        derivation=DERIVED,
    ),
    amplified(
        id="tanh-one-layer-five-thirds",
        statement="With the gain 5/3 the standard deviation after one tanh is 0.759, not 1.",
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_deviation.five_thirds",
        prediction=one_layer(FIVE_THIRDS),
        band=within(one_layer(FIVE_THIRDS), 0.02),
        reason=WIDE,
        remark="The root of E[tanh²(5u/3)]. No gain gives 1, for a tanh lies below 1.",
    ),
    amplified(
        id="tanh-saturated-five-thirds",
        statement="With the gain 5/3 a fifth of the tanh units of the first layer are beyond 0.97.",
        source=THIS_STUDY.at(f"{SECTION}“One layer”"),
        quantity="first_saturated.five_thirds",
        prediction=SATURATED,
        band=around(SATURATED, 0.01),
        reason="One point of the share; the gain 1 gives a sixth of it.",
        remark="The share with gain 1 is 0.036. Deeper the preactivations are smaller, and fewer.",
    ),
    Claim(
        id="tanh-decay-gain-one",
        statement="With the gain 1 the standard deviation after l layers of tanh falls as 1/√(2l).",
        source=THIS_STUDY.at(f"{SECTION}“The gain 1”"),
        quantity="last_deviation_over_decay.one",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "Five per cent: the law is the leading term for many layers, one or two per cent short "
            "of the recursion at these depths, and a finite width adds its part."
        ),
        remark="The deviation after the last layer, times √(2l). It falls as a power.",
        control=NegativeControl("Take the gain 5/4.", {"arms.one": 1.25}),
        derivation="derivation-tanh-decay",
    ),
    amplified(
        id="tanh-level-five-thirds",
        statement=(
            "With the gain 5/3 the standard deviation of a tanh network's activations settles at "
            "0.651."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The gain 5/3”"),
        quantity="last_deviation.five_thirds",
        prediction=SETTLED_ACTIVATION,
        band=within(SETTLED_ACTIVATION, 0.02),
        reason=WIDE,
        remark="From any input: the fixed point does not remember how large the input was.",
    ),
    amplified(
        id="tanh-preactivation-five-thirds",
        statement=(
            "With the gain 5/3 the standard deviation of a tanh network's preactivations settles "
            "at 1.086."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The gain 5/3”"),
        quantity="last_preactivation_deviation.five_thirds",
        prediction=sqrt(SETTLED),
        band=within(sqrt(SETTLED), 0.02),
        reason=WIDE,
        remark="This is what 5/3 keeps near 1; exactly 1 would need the gain 1.593.",
    ),
    Claim(
        id="tanh-gradient-five-thirds",
        statement=(
            "With the gain 5/3 the second moment of a tanh network's gradient grows 1.21 times per "
            "layer."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The gradient”"),
        quantity="gradient_factor.five_thirds",
        prediction=GRADIENT,
        band=within(GRADIENT, 0.02),
        reason=WIDE,
        departure="A random gradient enters at the top; that of a loss depends on the network.",
        remark=(
            "Read over the upper half of the layers, where the signal has settled. So 5/3 keeps "
            "the signal and not the gradient, which grows ten thousandfold in 50 layers."
        ),
        control=NO_GAIN,
        derivation="derivation-tanh-gradient",
    ),
)
