"""Which claims of the study, and which advice, speak to a network."""

from collections.abc import Iterator
from dataclasses import dataclass

DEEP = 10
"""From so many layers with weights on, what depth does to a network is of interest."""


@dataclass(frozen=True)
class Advice:
    """What the study says about networks that have something.

    Attributes:
        subject: what they have, for the terminal.
        needs: the kinds of which all must be there.
        claims: ids of what speaks to it.
        page: where the advice stands, without its ending.
        deep: whether it is of interest from :data:`DEEP` layers on only.
        own: whether it is about torch's own initialisation only.
    """

    subject: str
    needs: frozenset[str]
    claims: tuple[str, ...]
    page: str = "which-initialisation"
    deep: bool = False
    own: bool = False


def _advice(subject: str, needs: str, claims: str, page: str = "which-initialisation") -> Advice:
    return Advice(subject, frozenset(needs.split()), tuple(claims.split()), page)


def _own(subject: str, needs: str, claims: str) -> Advice:
    return Advice(subject, frozenset(needs.split()), tuple(claims.split()), own=True)


def _deep(subject: str, needs: str, claims: str, page: str = "which-initialisation") -> Advice:
    return Advice(subject, frozenset(needs.split()), tuple(claims.split()), page, deep=True)


ADVICE = (
    _own(
        "linear layers as torch draws them", "linear", "torch-default-linear torch-default-factor"
    ),
    _own("convolutions as torch draws them", "convolution", "torch-conv-default"),
    _advice("ReLU", "relu", "he-eq8-eq9 s002-he-factor-two edge-of-chaos-relu"),
    _advice("leaky ReLU or PReLU", "leaky_relu", "prelu-corrected-keeps prelu-uncorrected-grows"),
    _advice("tanh", "tanh", "tanh-critical-decay tanh-gain-five-thirds-chaotic"),
    _advice("sigmoid", "sigmoid", "sigmoid-settles sigmoid-gain-gradient sigmoid-gain-of-ten"),
    _advice("softsign", "softsign", "softsign-fades", "gains"),
    _advice("SELU", "selu", "selu-linear-gain-fixed-point selu-gain-shrinks-signal"),
    _advice("GELU", "gelu", "gelu-shrinks-under-he"),
    _advice("SiLU", "silu", "silu-shrinks-under-he"),
    _advice("zero padding", "zero_padding", "zero-padding-leak padding-by-reflection-keeps"),
    _advice(
        "grouped convolutions",
        "grouped_convolution",
        "grouped-fan-in grouped-fan-out-law depthwise-fan-out",
    ),
    _advice(
        "transposed convolutions",
        "transposed_convolution",
        "transposed-fans-swapped upsampling-fan-in",
    ),
    _advice(
        "batch normalisation",
        "batch_normalisation",
        "s003-bn-replaces-init s003-bn-cancels-bias",
        "chapters/batch-normalisation",
    ),
    _advice(
        "dropout",
        "dropout",
        "dropout-divides-second-moment dropout-training-over-evaluation dropout-forgets-image",
    ),
    _advice("residual blocks", "residual", "resnet-unscaled-doubles resnet-scaled-branches"),
    _deep(
        "many ReLU layers",
        "relu",
        "log-norm-drift correlation-map-relu float32-dies-at-298 float16-last-layer",
        "chapters/where-number-formats-end",
    ),
    _deep("many tanh layers", "tanh", "tanh-deeper-than-wide vanilla-ten-thousand"),
    _deep(
        "many layers with batch normalisation",
        "batch_normalisation",
        "normalised-gradient-overflows normalisation-alone-fails",
        "chapters/batch-normalisation",
    ),
)
"""All of it, in the order in which it is printed."""


def fitting(kinds: frozenset[str], layers: int, *, is_own: bool) -> Iterator[Advice]:
    """Yield the advice for a network.

    Args:
        kinds: of what it is made, some of :data:`study.trying.kinds.KINDS`.
        layers: how many layers with weights it has.
        is_own: whether its initialisation is its own, not one of the study's.

    >>> [advice.subject for advice in fitting(frozenset({"gelu", "linear"}), 2, is_own=False)]
    ['GELU']
    """
    for advice in ADVICE:
        suits_depth = layers >= DEEP or not advice.deep
        if advice.needs <= kinds and suits_depth and (is_own or not advice.own):
            yield advice
