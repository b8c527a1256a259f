"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.experiments.pytorch.convolution_fans.method import CircularConvolution
from study.record.claims import Claim, Kind, NegativeControl, Rival, around, within
from study.theory.sources import HE_2015, PYTORCH, THIS_STUDY

CHAPTER = "chapter The fans of a convolution, section “Count the products”"
MODE = "torch.nn.init.kaiming_normal_, parameter mode, "
TERMS = "derivation-convolution-fans"
FIVE_PER_CENT = "Five per cent, for the draws; what is claimed against it is off by 2 or more."
FORWARD = (
    "The second moment of the outputs over that of the inputs; a number, over "
    "places and channels, the mean over draws of the weights."
)
BACKWARD = (
    "The second moment of the gradient of the inputs over that of the outputs; a "
    "number, over places and channels, the mean over draws of the weights."
)
CIRCULAR_PADDING = "Circular padding, so that the border plays no part."


def forward(kind: CircularConvolution) -> float:
    """Return the factor of the second moment when the variance is 1 over torch's fan_in."""
    return kind.terms[0] / kind.torch_fans[0]


def backward(kind: CircularConvolution) -> float:
    """Return the factor of the gradient when the variance is 1 over torch's fan_out."""
    return kind.terms[1] / kind.torch_fans[1]


GROUPED = CircularConvolution(inputs=64, outputs=64, kernel=3, stride=1, groups=4, transposed=False)
DEPTHWISE = CircularConvolution(
    inputs=64, outputs=64, kernel=3, stride=1, groups=64, transposed=False
)
STRIDED = CircularConvolution(inputs=64, outputs=64, kernel=4, stride=2, groups=1, transposed=False)
TRANSPOSED = CircularConvolution(
    inputs=64, outputs=32, kernel=3, stride=1, groups=1, transposed=True
)
UPSAMPLING = CircularConvolution(
    inputs=64, outputs=32, kernel=4, stride=2, groups=1, transposed=True
)
UNGROUPED = NegativeControl("Make it one group.", {"kinds.grouped.groups": 1})
DOUBLED = NegativeControl("Ask for the gain of a ReLU.", {"nonlinearity": "relu"})
NOT_TRANSPOSED = NegativeControl("Make it a plain one.", {"kinds.transposed.transposed": False})

factor = partial(Claim, reason=FIVE_PER_CENT, derivation=TERMS)

SIDES = {"forward": (forward, FORWARD), "backward": (backward, BACKWARD)}
"""For each pass what the law gives for a layer, and what is measured."""
SENTENCES = {
    "forward": (
        "“Choosing 'fan_in' preserves the magnitude of the variance of the weights in the forward "
        "pass”"
    ),
    "backward": "“Choosing 'fan_out' preserves the magnitudes in the backwards pass”",
}


def law(side: str, name: str, kind: CircularConvolution) -> partial[Claim]:
    """Return a claim that the second moment changes by the terms of a layer over torch's fan.

    Args:
        side: ``forward`` or ``backward``.
        name: of the layer.
        kind: the layer.

    Returns:
        The claim without its texts.
    """
    formula, measured_as = SIDES[side]
    prediction = formula(kind)
    return partial(
        factor,
        kind=Kind.LAW,
        quantity=f"{side}.{name}",
        measured_as=measured_as,
        prediction=prediction,
        band=within(prediction, 0.05),
    )


def documented(side: str, name: str) -> partial[Claim]:
    """Return a claim of torch's documentation that its fan keeps the second moment.

    Args:
        side: ``forward`` or ``backward``.
        name: of the layer.

    Returns:
        The claim without its texts.
    """
    return partial(
        factor,
        kind=Kind.SOFTWARE,
        source=PYTORCH.at(f"{MODE}{SENTENCES[side]}"),
        quantity=f"{side}.{name}",
        measured_as=SIDES[side][1],
        prediction=1.0,
        band=around(1.0, 0.05),
    )


GROUPED_LAW = law("backward", "grouped", GROUPED)(
    id="grouped-fan-out-law",
    statement=(
        "In a convolution with g groups, fan_out leaves 1/g of the gradient's second moment."
    ),
    source=THIS_STUDY.at(CHAPTER),
    departure="Here g is 4.",
    remark="The remedy is to divide the fan_out by the number of groups.",
    control=NegativeControl("Take two groups.", {"kinds.grouped.groups": 2}),
    rival=Rival("fan_out keeps the gradient.", 1.0),
)
SWAPPED_LAW = law("forward", "transposed", TRANSPOSED)(
    id="transposed-fans-swapped",
    statement=(
        "With stride 1, fan_in changes a transposed convolution's signal by inputs over "
        "outputs, if every output place is reached by all taps of a kernel."
    ),
    source=THIS_STUDY.at(CHAPTER),
    departure=f"{CIRCULAR_PADDING} From 64 channels to 32, stride 1.",
    remark=(
        "And fan_out changes the gradient by outputs over inputs. So the fans are swapped, and "
        "that is all there is to it at stride 1 and away from edges. With stride s only k²/s² "
        "taps reach a place (upsampling-fan-in). On a small map without padding fewer do: from "
        "one place, one."
    ),
    control=NegativeControl("Take stride 2.", {"kinds.transposed.stride": 2}),
    rival=Rival("fan_in keeps the signal.", 1.0),
)

CLAIMS = (
    factor(
        id="convolution-fan-in-on-images",
        kind=Kind.LAW,
        statement="A convolution of images with variance 1/(k²c) keeps their second moment.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="forward.plain",
        measured_as=FORWARD,
        prediction=1.0,
        band=around(1.0, 0.05),
        departure=f"{CIRCULAR_PADDING} MNIST images cut into 64 channels.",
        remark="Neighbouring pixels are alike, and may be: only the weights are independent.",
        control=DOUBLED,
        rival=Rival("The fan_in is the number of channels, without the kernel.", 9.0),
    ),
    Claim(
        id="he-eq11",
        kind=Kind.IDENTITY,
        statement=(
            "Through a convolution the gradient is carried down by a convolution with rearranged "
            "kernels."
        ),
        source=HE_2015.at("equation 11"),
        quantity="difference.backward_by_hand",
        measured_as=(
            "The largest difference between the gradient of the inputs by the rearranged "
            "convolution and by automatic differentiation, over the largest entry; a number, "
            "the mean over draws of the weights."
        ),
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="An identity: what is left is the rounding of float64.",
        departure="One layer of 3 by 3 with padding; the paper speaks of any layer.",
        remark=(
            "The rearrangement exchanges inputs and outputs and turns each kernel by half a turn. "
            "The largest difference from autograd, relative to the largest entry."
        ),
        control=NegativeControl("Leave the kernels unturned.", {"flipped": False}),
        derivation=TERMS,
    ),
    documented("forward", "grouped")(
        id="grouped-fan-in",
        statement="fan_in keeps the signal of a grouped convolution.",
        departure=f"{CIRCULAR_PADDING} Four groups of 16 channels.",
        remark=(
            "Each kernel has the depth of its group, so the shape tells the number of terms. "
            "It does so in torch's layout, outputs first."
        ),
        control=NegativeControl(
            "Transpose it, and halve its outputs.",
            {"kinds.grouped.transposed": True, "kinds.grouped.outputs": 32},
        ),
    ),
    documented("backward", "grouped")(
        id="grouped-fan-out",
        statement="fan_out keeps the gradient of a grouped convolution.",
        departure=(
            f"{CIRCULAR_PADDING} Four groups of 16 channels. A random gradient. "
            "The documentation names no exception."
        ),
        remark=(
            "It loses a factor of the number of groups: torch counts all outputs, and an input "
            "reaches only those of its group. With the fan_out divided by the groups the sentence "
            "holds, which is grouped-fan-out-law, read from the same number."
        ),
        control=UNGROUPED,
        corrected=GROUPED_LAW,
    ),
    GROUPED_LAW,
    law("backward", "depthwise", DEPTHWISE)(
        id="depthwise-fan-out",
        statement="For a depthwise convolution fan_out is too large by the number of channels.",
        source=PYTORCH.at("issue 23854, “Expected behavior”"),
        departure="64 channels, the issue has 4.",
        remark=(
            "A depthwise convolution has as many groups as channels. Its fan_in, k², is right in "
            "torch's layout, outputs first; where kernels are stored as (k, k, channels, "
            "multiplier), as in Keras, it is the other way round."
        ),
        control=NegativeControl("Make it one group.", {"kinds.depthwise.groups": 1}),
        rival=Rival("fan_out keeps the gradient.", 1.0),
    ),
    law("backward", "strided", STRIDED)(
        id="strided-fan-out",
        statement=(
            "In a convolution with stride s, fan_out leaves 1/s² of the gradient's second moment."
        ),
        source=THIS_STUDY.at(CHAPTER),
        departure="Stride 2 and kernels of 4 by 4.",
        remark="Averaged over the inputs: each enters only every s-th output in either direction.",
        control=NegativeControl("Take stride 1.", {"kinds.strided.stride": 1}),
        rival=Rival("A stride counts once and not in each direction, 1/s.", 0.5),
    ),
    documented("forward", "transposed")(
        id="transposed-fan-in",
        statement="fan_in keeps the signal of a transposed convolution.",
        departure=(
            f"{CIRCULAR_PADDING} From 64 channels to 32, stride 1. "
            "The documentation names no exception."
        ),
        remark=(
            "Its weights are stored with the inputs first, so torch's fan_in is the number of "
            "outputs times k². With the two fans exchanged the sentence holds, which is "
            "transposed-fans-swapped, read from the same number."
        ),
        control=NegativeControl("Make inputs and outputs equal.", {"kinds.transposed.outputs": 64}),
        corrected=SWAPPED_LAW,
    ),
    SWAPPED_LAW,
    law("forward", "upsampling", UPSAMPLING)(
        id="upsampling-fan-in",
        statement=(
            "With stride s, fan_in changes a transposed convolution's signal by inputs over "
            "outputs, and divides it by s², away from edges."
        ),
        source=THIS_STUDY.at(CHAPTER),
        departure=(
            f"{CIRCULAR_PADDING} From 64 channels to 32, stride 2, kernels of 4 by 4: a step of a "
            "usual decoder, but for the edges."
        ),
        remark=(
            "Half of what He et al. want for halved channels and doubled sides. Each output is "
            "reached by only k²/s² entries of a kernel; at edges without padding by fewer."
        ),
        control=NegativeControl("Take stride 1.", {"kinds.upsampling.stride": 1}),
        rival=Rival("The stride does not matter.", 2.0),
    ),
    Claim(
        id="transposed-default-bound",
        kind=Kind.SOFTWARE,
        statement="New transposed convolutions are uniform within ±√(groups/(outputs · k²)).",
        source=PYTORCH.at("torch.nn.ConvTranspose2d, attribute weight"),
        quantity="largest_over_documented.transposed",
        measured_as=(
            "The largest of all weights of one new layer, over the bound that is documented; "
            "a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="One per cent: the largest of thousands of uniform numbers.",
        remark=(
            "Read from a new layer of torch. So its default, too, divides by the number of terms "
            "in the gradient's sum, not in the signal's."
        ),
        control=NOT_TRANSPOSED,
        derivation=TERMS,
    ),
    factor(
        id="transposed-checkerboard",
        kind=Kind.LAW,
        statement="A transposed convolution of 3 by 3 and stride 2 starts as a checkerboard.",
        source=THIS_STUDY.at(CHAPTER),
        quantity="even_over_odd_places.uneven",
        measured_as=(
            "The second moment of the outputs at one place of the checkerboard over that at "
            "the place one step down and one across; a ratio, over channels, the mean over "
            "draws of the weights."
        ),
        prediction=4.0,
        band=within(4.0, 0.05),
        departure="On noise; the second moments of two places one step down and one across.",
        remark=(
            "The places add up 4, 2, 2 and 1 entries of a kernel, since the stride does not divide "
            "its side. No variance of the weights mends that; kernels of 4 by 4 do."
        ),
        control=NegativeControl("Take kernels of 4 by 4.", {"kinds.uneven.kernel": 4}),
        rival=Rival("A place adds up twice as many entries of a kernel as the other.", 2.0),
    ),
)
