"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import erfc, log

import torch

from study.experiments.he import loss_gradients
from study.experiments.he.he_conditions.method import CLASSES
from study.record.claims import (
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Reading,
    Rival,
    Untested,
    around,
    at_least,
    at_most,
    within,
)
from study.theory.sources import HE_2015, THIS_STUDY

SECTION_OF_DEPTH = "chapter Scaling all weights, section “{}”"
OVERFLOW = (
    "section 2.2, of an input signal in the range of [−128, 128], “its magnitude can be so large "
    "that the softmax operator will overflow”"
)
REMEDY = (
    "section 2.2, “Another solution is to include a small factor on the weights among all or some "
    "layers, e.g., ᴸ√(1/128) on L layers”"
)
DENSE = "Dense layers on MNIST with a head of ten outputs, instead of convolutions on ImageNet."
# The share of images that overflow if the ten outputs are N(0, 2 r²), r the deviation of pixels.
PIXEL_DEVIATION = 123.0
LARGEST_POWER = log(torch.finfo(torch.float32).max)
OVERFLOWING_SHARE = 1 - (1 - erfc(LARGEST_POWER / (2 * PIXEL_DEVIATION)) / 2) ** CLASSES
THIRTY = -(30 - 1) / 2

xavier_gradient = partial(
    Claim,
    control=NegativeControl(
        "Give Xavier's weights variance 3/(2n).", {"weight_variance.xavier": 1.5}
    ),
    derivation="derivation-homogeneous-gradient",
)

SECTION_OF_LOSS = (
    "chapter He et al., figure by figure, section “When the gradient is that of a loss”"
)
LAST_WIDTH, LAYERS_BELOW, PIXELS_ASKED_FOR = 128, 8, 784
# Along the activations lies a share of k/(n + k) of the gradient of k outputs; for its growth see
# loss_gradients.growth_law.
ALIGNED = LAST_WIDTH * PIXELS_ASKED_FOR / (LAST_WIDTH + PIXELS_ASKED_FOR)
INDEPENDENT = 1 / loss_gradients.growth_law(ALIGNED, LAYERS_BELOW, LAST_WIDTH)

loss_gradient = partial(
    Claim,
    kind=Kind.LAW,
    departure=(
        "Dense layers on MNIST with a head of ten outputs and without biases, 30 layers before "
        "training."
    ),
    choice="Images are standardised.",
    control=NegativeControl(
        "Ask the network for the image again in place of its class.",
        {"loss_gradients.cross_entropy.loss": "reconstruction"},
    ),
    derivation="derivation-loss-gradient",
)

CLAIMS = (
    Claim(
        id="he-input-range-overflow",
        kind=Kind.LAW,
        statement=(
            "With inputs on a range of [−128, 128] the magnitude at the end of a ReLU "
            "network from He's weights can be so large that the softmax overflows."
        ),
        source=HE_2015.at(OVERFLOW),
        quantity="share_overflowing.raw",
        measured_as=(
            "The share of 100 MNIST images whose largest output has a power of e beyond "
            "float32, in one network of ten layers before training, averaged over "
            "networks."
        ),
        prediction=OVERFLOWING_SHARE,
        band=at_least(0.85),
        reason=(
            "The source says that it can happen; from five of six images on it is the "
            "rule. The prediction takes ten independent Gaussian outputs, each of "
            "variance twice the mean square of the pixels."
        ),
        departure=(f"{DENSE} Ten layers; a softmax in float32 without precautions."),
        remark=(
            "Torch's own cross-entropy subtracts the largest output first and does not "
            "overflow; its loss begins in the hundreds, with a gradient of a saturated "
            "softmax."
        ),
        control=NegativeControl(
            "Let the pixels range from −1 to 1.",
            {"unnormalised.low": -1.0, "unnormalised.high": 1.0},
        ),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-input-range-remedy",
        kind=Kind.IDENTITY,
        statement=(
            "A factor of (1/128)^(1/L) on the weights of all L layers avoids the overflow "
            "of the softmax from inputs on a range of [−128, 128]."
        ),
        source=HE_2015.at(REMEDY),
        quantity="share_overflowing.remedied",
        measured_as=(
            "The share of the images whose softmax overflows in float32, with the factor "
            "in all ten layers, averaged over networks."
        ),
        prediction=0.0,
        band=at_most(0.01),
        reason="Less than one image of a hundred.",
        departure=(f"{DENSE} Ten layers; a softmax in float32 without precautions."),
        remark=(
            "The factors multiply to 1/128 exactly, as a ReLU network scales with each matrix."
        ),
        control=NegativeControl("Leave the factor away.", {"unnormalised.factor": 1.0}),
        derivation="derivation-input-range",
    ),
    Claim(
        id="he-xavier-sqrt2-to-l",
        kind=Kind.IDENTITY,
        statement=(
            "With L ReLU layers, the standard deviation at the end from Xavier's weights "
            "is (1/√2)^L of that from He's."
        ),
        source=HE_2015.at(
            "section 2.2, “When there are L layers, the std will be 1/√2^L of our derived std”"
        ),
        quantity="output_ratio_over_law.thirty",
        measured_as=(
            "The root mean square of the outputs of 30 layers from Xavier's weights over "
            "that from He's on the same random numbers, times 2^15, averaged over "
            "networks."
        ),
        prediction=1.0,
        band=around(1.0, 0.001),
        reason=("A thousandth: it holds in every draw, up to rounding in float32."),
        departure=(f"{DENSE} Xavier means variance 1/fan_in, as in this sentence of the paper."),
        remark=(
            "It is equal by algebra, as a ReLU network scales with each of its matrices, "
            "and so it tests the code. The outputs are 2^15 times apart. The paper goes "
            "on that this “is not small enough to completely stall the convergence of the "
            "models actually used in our paper (Table 3, up to 22 layers)”."
        ),
        control=NegativeControl(
            "Give Xavier's weights variance 3/(2n).", {"weight_variance.xavier": 1.5}
        ),
        derivation="derivation-homogeneous",
    ),
    Claim(
        id="he-30-layer-gradients-diminish",
        kind=Kind.FINDING,
        statement=(
            "In a ReLU network of 30 layers with Xavier's initialisation the gradients diminish."
        ),
        source=HE_2015.at(
            "section 2.2, “the gradients are diminishing as monitored in the experiments”"
        ),
        quantity="log2_gradient_ratio.thirty",
        measured_as=(
            "The base-2 logarithm of the root mean square of a layer's weight gradient "
            "from Xavier's weights over that from He's, averaged over the 30 layers and "
            "over networks; in powers of two, before training."
        ),
        band=at_most(THIRTY + 3.0),
        reason=(
            "The source gives no number. The law for one image has −14.5; of that three "
            "powers of two are left to what the loss makes of other outputs."
        ),
        departure=f"{DENSE} Before training; the paper monitored its gradients in training.",
        remark=(
            "It is more than the law for one image (xavier-one-image-gradient) has, by a "
            "power of two and a little: the images of a batch add up differently from the "
            "two starts, for which there is no law here."
        ),
        control=NegativeControl(
            "Give Xavier's weights He's variance.", {"weight_variance.xavier": 2.0}
        ),
        derivation="derivation-homogeneous-gradient",
    ),
    xavier_gradient(
        id="xavier-gradient-per-layer",
        kind=Kind.LAW,
        statement=(
            "From Xavier's weights each further layer of a ReLU network costs the "
            "gradient of every weight another factor √2 beside He's."
        ),
        source=THIS_STUDY.at(SECTION_OF_DEPTH.format("The gradient shrinks in every layer alike")),
        quantity="log2_gradient_ratio_per_layer.ten_to_fifty",
        measured_as=(
            "The change per layer, from 10 to 50 layers, of the base-2 logarithm of "
            "Xavier's weight gradient over He's, averaged over networks; in powers of "
            "two, before training."
        ),
        prediction=-0.5,
        band=around(-0.5, 0.05),
        reason=("A tenth: what the loss adds at the top cancels between two depths."),
        remark=(
            "The slope from 10 to 50 layers. The interval leaves out −0.5 by little: what "
            "the loss adds at the top grows slowly with depth in a batch."
        ),
        control=NegativeControl(
            "Halve the variance of Xavier's weights.", {"weight_variance.xavier": 0.5}
        ),
        rival=Rival(("The gradient loses √2 a layer on the way up and √2 on the way down."), -1.0),
    ),
    xavier_gradient(
        id="xavier-one-image-gradient",
        kind=Kind.LAW,
        statement=(
            "For one image, the gradients of a ReLU network of L layers from Xavier's "
            "weights are 2^(−(L − 1)/2) of those from He's."
        ),
        source=THIS_STUDY.at(SECTION_OF_DEPTH.format("The gradient shrinks in every layer alike")),
        quantity="log2_gradient_ratio_of_one_image.thirty",
        measured_as=(
            "The base-2 logarithm of the root mean square of a layer's weight gradient "
            "from Xavier's weights over that from He's, for one image, averaged over 30 "
            "layers and over networks; in powers of two, before training."
        ),
        prediction=THIRTY,
        band=around(THIRTY, 1.0),
        reason=(
            "One power of two: for one image the two gradients of the loss are nearly as large."
        ),
        departure="None: 30 layers.",
        remark=(
            "The band of one power is too wide to tell this from −L/2, half a power away, "
            "as quick size needs it; the interval at reference size does leave −L/2 out."
        ),
        control=NegativeControl(
            "Give Xavier's weights a fifth more variance.", {"weight_variance.xavier": 1.2}
        ),
    ),
    Claim(
        id="xavier-gradients-small-in-every-layer",
        kind=Kind.LAW,
        statement=(
            "From Xavier's weights the gradients of a ReLU network are as small in the "
            "last layer as in the first, to a fifth of how small they are."
        ),
        source=THIS_STUDY.at(SECTION_OF_DEPTH.format("The gradient shrinks in every layer alike")),
        quantity="first_layers_share.thirty",
        measured_as=(
            "The logarithm of Xavier's gradient over He's in the first layer minus that "
            "in the last, over the mean of all 30 layers, averaged over networks; a "
            "share, before training."
        ),
        prediction=0.0,
        band=around(0.0, 0.2),
        reason=(
            "A fifth: if the gradient were lost on its way down, the first layer's "
            "logarithm would hold all of it, and the number would be about 1."
        ),
        departure="None: 30 layers, a batch.",
        remark=(
            "First minus last over the mean of the logarithms. It is not 0: in a batch "
            "the last layers have a gradient that is smaller by a power of two. So a "
            "larger learning rate can make up for it, while rounding allows."
        ),
        rival=Rival(
            (
                "The gradient is lost on its way down, so that the first layer's logarithm "
                "holds all of it."
            ),
            1.0,
        ),
        control=NegativeControl(
            "Replace the ReLU by tanh, with which the two differ on the way down.",
            {"activation": "tanh"},
        ),
        derivation="derivation-homogeneous-gradient",
    ),
    loss_gradient(
        id="he-loss-gradient-through-relu",
        statement=(
            "Where the gradient is that of a loss, a ReLU lets half of its square through, as if "
            "it did not depend on which units are open."
        ),
        source=HE_2015.at(
            "section 2.2, text before equation 12, “f′(y_l) is zero or one, and their "
            "probabilities are equal. We assume that f′(y_l) and Δx_{l+1} are independent "
            "of each other”"
        ),
        quantity="loss_gradient_through_relu.cross_entropy",
        measured_as=(
            "The square of the cross-entropy's gradient by the preactivations of a hidden layer "
            "over that by its activations, each summed over units and 100 images, averaged over "
            "29 layers and over networks; a ratio."
        ),
        prediction=0.5,
        band=within(0.5, 0.03),
        reason=(
            "Three per cent: two for the draws, and one for the dependence, which the derivation "
            "puts at less than one unit in a layer of 128."
        ),
        readings=(Reading("Pixels are in [0, 1].", "loss_gradient_through_relu.pixels"),),
        remark=(
            "The assumption is not true, since the gradient and the activations have the same "
            "scalar product in every layer; with ten outputs little follows from it. At quick size "
            "the layers have 64 units."
        ),
        rival=Rival("The law of a linear layer: the ReLU is left out.", 1.0),
    ),
    loss_gradient(
        id="he-loss-gradient-through-weights",
        statement=(
            "Where the gradient is that of a loss, weights multiply the variance of the gradient "
            "by the weights' variance times the fan_out, as if the two did not depend on each "
            "other."
        ),
        source=HE_2015.at(
            "section 2.2, text before equation 12, “we assume that w_l and Δy_l are independent of "
            "each other”"
        ),
        quantity="loss_gradient_through_weights.cross_entropy",
        measured_as=(
            "The square of the cross-entropy's gradient by the activations of a hidden layer over "
            "that by the preactivations above, each summed over units and 100 images, over the "
            "weights' variance times their fan_in; averaged over 29 layers and over networks."
        ),
        prediction=1.0,
        band=within(1.0, 0.03),
        reason=(
            "Three per cent: two for the draws, and one for the dependence, which the derivation "
            "puts at less than one unit in a layer of 128."
        ),
        readings=(Reading("Pixels are in [0, 1].", "loss_gradient_through_weights.pixels"),),
        remark=(
            "As he-loss-gradient-through-relu, of the other of the two steps back. The fan_out of "
            "the last layer is ten."
        ),
        rival=Rival("All of the gradient lies along the activations, which doubles it.", 2.0),
    ),
    Claim(
        id="loss-gradient-grows-along-activations",
        kind=Kind.LAW,
        statement=(
            "If a ReLU network from He's weights is to give its image again, the squared gradient "
            "grows by the same amount in each layer on its way down, which the paper's "
            "assumptions do not allow."
        ),
        source=THIS_STUDY.at(SECTION_OF_LOSS),
        quantity="loss_gradient_growth_over_law.reconstruction",
        measured_as=(
            "The square of the gradient by the first hidden activations over that by the last, "
            "eight layers above, of half the squared error of all pixels, over the law that "
            "follows from how much of it lies along the last activations; averaged over networks."
        ),
        prediction=1.0,
        band=within(1.0, 0.3),
        reason=(
            "Three tenths: a network's factor scatters by more than half of itself, and what the "
            "law leaves out is of the order of layers over units. That the gradient keeps its "
            "size, as the assumptions have it, would be a fourteenth."
        ),
        departure="At quick size six layers of 64 units.",
        remark=(
            "The growth is linear in depth and has an end, so that gradients are not exponentially "
            "large, which is what the paper wants of its condition; it needs many outputs."
        ),
        rival=Rival("The gradient is independent of the network and keeps its size.", INDEPENDENT),
        control=NegativeControl(
            "Replace the ReLU by tanh, which does not pass a factor on.", {"activation": "tanh"}
        ),
        derivation="derivation-loss-gradient",
    ),
)

UNTESTED = (
    Untested(
        id="he-gaussian-zero-bias",
        cause=Cause.WORDS,
        statement=(
            "Weights are drawn from a Gaussian of mean 0 and standard deviation √(2/n), "
            "biases are 0."
        ),
        source=HE_2015.at(
            "section 2.2, “This is our way of initialization. We also initialize b = 0”"
        ),
        reason=("It is a definition: what the paper calls its way of initialising."),
        remark=(
            "The Gaussian is a choice: for the second moment any symmetric law of this "
            "variance does the same (weight-law-does-not-matter)."
        ),
    ),
)
