"""What is claimed, what it predicts, and what must not agree."""

from math import cos, pi

from study.experiments.pytorch.zero_padding.method import KERNEL
from study.record.claims import (
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    within,
)
from study.theory.sources import HE_2015, THIS_STUDY


def leak(side: int) -> float:
    r"""Factor per zero-padded layer of 3 by 3, many layers deep.

    .. math:: \left( \frac{1 + 2 \cos(\pi/(H+1))}{3} \right)^2

    Args:
        side: ``H``, of the images.

    >>> round(leak(7), 4)
    0.9011
    """
    return ((1 + 2 * cos(pi / (side + 1))) / KERNEL) ** 2


def kept_of_noise(side: int) -> float:
    r"""Factor of one zero-padded layer of 3 by 3 on white noise.

    .. math:: \left( \frac{3H - 2}{3H} \right)^2

    Args:
        side: ``H``, of the images.

    >>> round(kept_of_noise(7), 4)
    0.8186
    """
    return ((3 * side - 2) / (3 * side)) ** 2


SECTION = "chapter The fans of a convolution, section "
LEAK = "derivation-zero-padding"
SMALL_IMAGES = "MNIST images averaged down, 3 by 3 kernels, a ReLU after each layer."
THREE = "Three per cent, for the draws of finitely many channels."
LEAKAGE = (
    "The factor per layer of the second moment in a deep convolutional ReLU "
    "network, over that of the same weights with circular padding, over the upper "
    "half of the layers; a ratio, the mean over draws of the weights."
)
SMALLEST = 4
"""The side of the smallest images."""
TWIN = "Over the factor of the same weights with circular padding, which is 1 on average."


def padded_circularly(name: str) -> NegativeControl:
    """Return the control that takes the zeros away from a network."""
    return NegativeControl("Pad circularly.", {f"networks.{name}.padding": "circular"})


def leaks(name: str, side: int) -> Claim:
    """Return the claim that zero-padded layers leak, for images of one size."""
    note, rival = "", Rival("It is the factor of white noise.", kept_of_noise(side))
    if side == SMALLEST:
        note = " On images so small these draws cannot tell it from the factor of white noise."
        rival = Rival("The edges do not matter.", 1.0)
    return Claim(
        id="zero-padding-leak" if side == 7 else f"zero-padding-leak-{name}",
        kind=Kind.LAW,
        statement=(
            f"On images of {side} by {side}, a zero-padded layer with He's variance keeps "
            "((1 + 2 cos(π/(H+1)))/3)² of the second moment."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Zeros at the edges”"),
        quantity=f"factor.{name}",
        measured_as=LEAKAGE,
        prediction=leak(side),
        band=around(leak(side), (1 - leak(side)) / 3),
        reason="A third of what is lost, for the draws and the layers before it has settled.",
        departure=f"{SMALL_IMAGES} Over the upper half of the layers.",
        remark=f"{TWIN} H is the side.{note}",
        control=padded_circularly(name),
        rival=rival,
        derivation=LEAK,
    )


CLAIMS = (
    Claim(
        id="he-eq5-eq6",
        kind=Kind.LAW,
        statement="An output of a convolution has k²c times the variance of one of its products.",
        source=HE_2015.at("equations 5 and 6"),
        quantity="one_layer.none",
        measured_as=(
            "The second moment of the outputs of one convolution over that of the white noise "
            "that enters; a number, over places and channels, the mean over draws of the "
            "weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=THREE,
        departure="White noise of 7 by 7 without padding, 3 by 3 kernels of variance 1/(9c).",
        remark=(
            "Right where the kernel lies inside the image. Networks that keep the size of their "
            "images pad them; with zeros padding-edge-loss holds instead."
        ),
        control=NegativeControl("Pad with zeros.", {"one_layer.none": "zeros"}),
        rival=Rival("The outer places of a padded image count as well.", kept_of_noise(7)),
        derivation="derivation-convolution-fans",
    ),
    Claim(
        id="padding-edge-loss",
        kind=Kind.LAW,
        statement=(
            "With a frame of zeros a convolution of 3 by 3 keeps ((3H − 2)/(3H))² of white noise "
            "on H by H places."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Zeros at the edges”"),
        quantity="one_layer.zeros",
        measured_as=(
            "The second moment of the outputs of one convolution over that of the white noise "
            "that enters; a number, over places and channels, the mean over draws of the "
            "weights."
        ),
        prediction=kept_of_noise(7),
        band=within(kept_of_noise(7), 0.03),
        reason=THREE,
        departure="White noise of 7 by 7.",
        remark="The share of the kernel that lies inside the image, averaged over its places.",
        control=NegativeControl("Pad circularly.", {"one_layer.zeros": "circular"}),
        rival=Rival("It is the factor many layers deep.", leak(7)),
        derivation=LEAK,
    ),
    leaks("four", 4),
    leaks("seven", 7),
    leaks("fourteen", 14),
    Claim(
        id="padding-by-reflection-keeps",
        kind=Kind.LAW,
        statement=(
            "Padded by reflection, a deep convolutional ReLU network with He's variance keeps its "
            "second moment."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Zeros at the edges”"),
        quantity="factor.reflected",
        measured_as=LEAKAGE,
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=THREE,
        departure=f"{SMALL_IMAGES} 7 by 7, over the upper half of the layers.",
        remark=f"{TWIN} Every output adds up nine pixels, some of them twice.",
        control=NegativeControl("Pad with zeros.", {"networks.reflected.padding": "zeros"}),
        rival=Rival("It leaks as with a frame of zeros.", leak(7)),
        derivation=LEAK,
    ),
)

UNTESTED = (
    Untested(
        id="he-variance-with-zero-padding",
        cause=Cause.WORDS,
        statement=(
            "With n = k²c and variance 2/n a deep zero-padded convolutional ReLU network keeps its "
            "second moment."
        ),
        source=HE_2015.at("equation 10, with n of section 2.2"),
        reason=(
            "The paper does not speak of edges: its n counts a kernel that lies inside the image, "
            "and is right there (he-eq5-eq6)."
        ),
        remark=(
            "How far this count holds for images that are padded with zeros is a question of this "
            "study; zero-padding-leak answers it, from the same number."
        ),
        withdrawn=Withdrawn(
            verdict=Verdict.CONTRADICTED,
            quantity="factor.seven",
            band=around(1.0, 0.03),
            why=(
                "The statement was made here and charged to the paper, which says nothing of "
                "padding; and the same number had two claims with opposite verdicts."
            ),
        ),
        derivation=LEAK,
    ),
)
