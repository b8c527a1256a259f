"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import erfc, log

import torch

from study.experiments.he.he_conditions.method import CLASSES
from study.record.claims import Claim, NegativeControl, Untested, around
from study.theory.sources import HE_2015, THIS_STUDY

HERE = "chapter Variance through depth, section “{}”"
OVERFLOW = "section 2.2, the paragraph on inputs in the range of [−128, 128]"
DENSE = "Dense layers on MNIST with a head of ten outputs, instead of convolutions on ImageNet."
# The share of images that overflow if the ten outputs are N(0, 2 r²), r the deviation of pixels.
PIXEL_DEVIATION = 123.0
LARGEST_POWER = log(torch.finfo(torch.float32).max)
OVERFLOWING = 1 - (1 - erfc(LARGEST_POWER / (2 * PIXEL_DEVIATION)) / 2) ** CLASSES
THIRTY = -(30 - 1) / 2

xavier_gradient = partial(
    Claim,
    control=NegativeControl(
        "Give Xavier's weights variance 3/(2n).", {"weight_variance.xavier": 1.5}
    ),
    derivation="derivation-homogeneous-gradient",
)

CLAIMS = (
    Claim(
        id="he-input-range-overflow",
        statement="With inputs on a range of [−128, 128] the softmax overflows.",
        source=HE_2015.at(OVERFLOW),
        quantity="share_overflowing.raw",
        prediction=OVERFLOWING,
        band=around(1.0, 0.15),
        reason="The source says that it can happen; from five of six images on it is the rule.",
        departure=f"{DENSE} Ten layers; a softmax in float32 without precautions.",
        remark=(
            "Torch's own cross-entropy subtracts the largest output first and does not overflow; "
            "its loss begins in the hundreds, with a gradient of a saturated softmax."
        ),
        control=NegativeControl(
            "Let the pixels range from −1 to 1.",
            {"unnormalised.low": -1.0, "unnormalised.high": 1.0},
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-input-range-remedy",
        statement=(
            "A factor of (1/128)^(1/L) on the weights of all L layers avoids the overflow of the "
            "softmax from inputs on a range of [−128, 128]."
        ),
        source=HE_2015.at(OVERFLOW),
        quantity="share_overflowing.remedied",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason="Less than one image of a hundred.",
        departure=f"{DENSE} Ten layers; a softmax in float32 without precautions.",
        remark="The factors multiply to 1/128 exactly, as a ReLU network scales with each matrix.",
        control=NegativeControl("Leave the factor away.", {"unnormalised.factor": 1.0}),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-xavier-sqrt2-to-l",
        statement=(
            "With L ReLU layers, the standard deviation at the end from Xavier's weights is "
            "(1/√2)^L of that from He's."
        ),
        source=HE_2015.at("section 2.2, “1/√2^L of our derived std”"),
        quantity="output_ratio_over_law.thirty",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: it holds in every draw, up to rounding in float32.",
        departure=f"{DENSE} Xavier means variance 1/fan_in, as in this sentence of the paper.",
        remark="The outputs of 30 layers on the same random numbers, 2^15 times apart.",
        control=NegativeControl(
            "Give Xavier's weights variance 3/(2n).", {"weight_variance.xavier": 1.5}
        ),
        derivation="derivation-homogeneous",
    ),
    xavier_gradient(
        id="he-30-layer-gradients-diminish",
        statement=(
            "In a ReLU network of 30 layers with Xavier's initialisation the gradients diminish."
        ),
        source=HE_2015.at("section 2.2, “the gradients are diminishing as monitored”"),
        quantity="log2_gradient_ratio.thirty",
        prediction=THIRTY,
        band=around(THIRTY, 3.0),
        reason=(
            "Three powers of two: the loss begins with another gradient at other outputs, by a "
            "factor that does not grow with depth."
        ),
        departure=f"{DENSE} Before training; over He's gradients on the same random numbers.",
        remark=(
            "The base-2 logarithm of the ratio, averaged over layers. It is a little below "
            "−(L − 1)/2 for a batch and on it for one image (xavier-one-image-gradient)."
        ),
    ),
    xavier_gradient(
        id="xavier-gradient-per-layer",
        statement=(
            "From Xavier's weights each further layer of a ReLU network costs the gradient of "
            "every weight another factor √2 beside He's."
        ),
        source=THIS_STUDY.at(HERE.format("What scaling all weights does to a gradient")),
        quantity="log2_gradient_ratio_per_layer.ten_to_fifty",
        prediction=-0.5,
        band=around(-0.5, 0.05),
        reason="A tenth: what the loss adds at the top cancels between two depths.",
        remark="The base-2 logarithm of Xavier's gradient over He's, from 10 to 50 layers.",
    ),
    xavier_gradient(
        id="xavier-one-image-gradient",
        statement=(
            "For one image, the gradients of a ReLU network of L layers from Xavier's weights are "
            "2^(−(L − 1)/2) of those from He's."
        ),
        source=THIS_STUDY.at(HERE.format("What scaling all weights does to a gradient")),
        quantity="log2_gradient_ratio_of_one_image.thirty",
        prediction=THIRTY,
        band=around(THIRTY, 1.0),
        reason="One power of two: for one image the two gradients of the loss are nearly as large.",
        departure="None: 30 layers.",
        remark="The base-2 logarithm, averaged over layers.",
    ),
    Claim(
        id="xavier-gradients-small-in-every-layer",
        statement=(
            "From Xavier's weights the gradients of a ReLU network are as small in the last layer "
            "as in the first."
        ),
        source=THIS_STUDY.at(HERE.format("What scaling all weights does to a gradient")),
        quantity="first_layers_share.thirty",
        prediction=0.0,
        band=around(0.0, 0.2),
        reason=(
            "A fifth: if the gradient were lost on its way down, the first layer's logarithm would "
            "hold all of it, and the number would be about 1."
        ),
        departure="None: 30 layers, a batch.",
        remark=(
            "First minus last over the mean of the logarithms. So a larger learning rate can make "
            "up for it, while rounding allows."
        ),
        control=NegativeControl(
            "Replace the ReLU by tanh, with which the two differ on the way down.",
            {"activation": "tanh"},
        ),
        derivation="derivation-homogeneous-gradient",
    ),
)

UNTESTED = (
    Untested(
        id="he-gaussian-zero-bias",
        statement=(
            "Weights are drawn from a Gaussian of mean 0 and standard deviation √(2/n), biases are "
            "0."
        ),
        source=HE_2015.at("section 2.2, text after equation 10"),
        reason="It is a definition: what the paper calls its way of initialising.",
        remark=(
            "The Gaussian is a choice: for the second moment any symmetric law of this variance "
            "does the same (weight-law-does-not-matter)."
        ),
    ),
)
