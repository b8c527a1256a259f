"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl, Untested, around
from study.theory.sources import FROM_SCRATCH_NOTE, THIS_STUDY

SMALLEST = 149
"""The smallest positive float32 number is two to the minus this."""
# The root mean square halves every two layers, so it is 2^-149 after 298.
LAW = 2.0 * SMALLEST

CLAIMS = (
    Claim(
        id="s004-thousand-layers-vanish",
        statement="In a network of a thousand layers the signal vanishes.",
        source=FROM_SCRATCH_NOTE.at("bullet “If we got 1000 layers, vanishing gradients problem”"),
        quantity="first_dead_layer",
        prediction=LAW,
        band=Band(1.0, 1000.0),
        reason="Anywhere before the thousandth layer.",
        departure=(
            "The note speaks of gradients. Where the input of a layer is exactly zero, so is the "
            "gradient of its weights, which is a product with that input, whatever the derivative "
            "of the ReLU at 0 is taken to be."
        ),
        remark=(
            "With variance 1/n under a ReLU, which is what the note means. It happens long before "
            "a thousand layers; with 2/n it does not happen."
        ),
        control=NegativeControl(
            "Double the weight variance.", {"weight_variance": 2.0, "width": 64}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="float32-dies-at-298",
        statement="With weights of variance 1/n a ReLU signal in float32 is zero from layer 298.",
        source=THIS_STUDY.at("chapter Variance through a ReLU, section “From layer to layer”"),
        quantity="first_dead_layer",
        prediction=LAW,
        band=around(LAW, 15.0),
        reason=(
            "Fifteen layers: a network of finite width strays from the mean law, and the largest "
            "of many entries outlives the root mean square by a few layers."
        ),
        remark="2^-149 is the smallest float32 number, and the size halves every two layers.",
        control=NegativeControl("Weights of variance 1.1/n.", {"weight_variance": 1.1}),
        derivation="derivation-from-layer-to-layer",
    ),
)

UNTESTED = (
    Untested(
        id="s004-ten-thousand-layers",
        statement=(
            "A paper shows how important normalisation is by training 10,000 layers “without "
            "regularisation”."
        ),
        source=FROM_SCRATCH_NOTE.at("bullet “training 10,000 layer network”"),
        reason=(
            "It is about what a paper did. That ten thousand layers can be trained so is measured "
            "in the chapter Ten thousand layers."
        ),
        remark=(
            "The bullet is, word for word, how the ninth lesson of the course fast.ai lists Zhang "
            "and others (2019), on the initialisation Fixup, whose title goes on “Residual "
            "Learning Without Normalization”. So “regularisation” stands for normalisation: the "
            "paper trains without it, which is judged by fixup-ten-thousand. An earlier remark "
            "here read the opposite from the bullet."
        ),
    ),
)
