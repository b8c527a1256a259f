"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import (
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    around,
    at_most,
)
from study.theory.sources import FROM_SCRATCH_NOTE, THIS_STUDY

SMALLEST = 149
"""The smallest positive float32 number is two to the minus this."""
# The root mean square halves every two layers, so it is 2^-149 after 298.
LAW = 2.0 * SMALLEST

CLAIMS = (
    Claim(
        id="s004-thousand-layers-vanish",
        kind=Kind.FINDING,
        statement=(
            "In a ReLU network of a thousand layers under Glorot's initialisation the gradients "
            "vanish."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1.2, Glorot initialization, “But there is No acount for import "
            "of ReLU” and “If we got 1000 layers, vanishing gradients problem emerges”"
        ),
        quantity="first_dead_layer",
        measured_as=(
            "The first layer, counted in layers from the input, in which all activations of all "
            "images are exactly zero in float32, in networks with weights of variance 1/n and a "
            "ReLU; the mean over draws of the weights."
        ),
        band=at_most(1000.0),
        reason="Anywhere before the thousandth layer; the note gives no number.",
        departure=(
            "The note speaks of gradients. Where the input of a layer is exactly zero, so is the "
            "gradient of its weights, which is a product with that input, whatever the derivative "
            "of the ReLU at 0 is taken to be."
        ),
        remark=(
            "With variance 1/n under a ReLU, which is what the note's section is about. It "
            "happens long before a thousand layers; with 2/n it does not happen. At which layer "
            "is float32-dies-at-298."
        ),
        control=NegativeControl(
            "Double the weight variance.", {"weight_variance": 2.0, "width": 64}
        ),
        derivation="derivation-from-layer-to-layer",
    ),
    Claim(
        id="float32-dies-at-298",
        kind=Kind.LAW,
        statement="With weights of variance 1/n a ReLU signal in float32 is zero from layer 298.",
        source=THIS_STUDY.at("chapter Variance through a ReLU, section “Why 2/n”"),
        quantity="first_dead_layer",
        measured_as=(
            "The first layer, counted in layers from the input, in which all activations of all "
            "images are exactly zero in float32; the mean over draws of the weights."
        ),
        prediction=LAW,
        band=around(LAW, 15.0),
        reason=(
            "Fifteen layers: a network of finite width strays from the mean law, and the largest "
            "of many entries outlives the root mean square by a few layers."
        ),
        remark="2^-149 is the smallest float32 number, and the size halves every two layers.",
        control=NegativeControl("Weights of variance 1.1/n.", {"weight_variance": 1.1}),
        rival=Rival("The second moment, and not its root, must reach 2^-149.", 149.0),
        derivation="derivation-from-layer-to-layer",
    ),
)

UNTESTED = (
    Untested(
        id="s004-ten-thousand-layers",
        cause=Cause.WORDS,
        statement=(
            "A paper shows how important normalisation is by training a network of 10,000 "
            "layers “without regularisation”."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "bullet “paper highlighting importance of normalisation - training 10,000 "
            "layer network without regularisation”"
        ),
        reason=(
            "It is about what a paper did. That ten thousand layers can be trained so is measured "
            "in the chapter Ten thousand layers."
        ),
        remark=(
            "The bullet is, word for word, how the ninth lesson of the course fast.ai lists "
            "Zhang and others (2019), on the initialisation Fixup, whose title goes on "
            "“Residual Learning Without Normalization”. So “regularisation” stands for "
            "normalisation: the paper trains without it, “even for networks with 10,000 "
            "layers”, which is judged by fixup-ten-thousand. An earlier remark here read the "
            "opposite from the bullet."
        ),
    ),
)
