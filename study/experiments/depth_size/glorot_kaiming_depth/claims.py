"""What is claimed, what it predicts, and what must not agree."""

from math import log

from study.record.claims import Claim, Kind, NegativeControl, Rival, around, within
from study.theory import activations, mean_field
from study.theory.finite_width import log_norm_drift
from study.theory.sources import HE_2015, POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

WIDTH = 128
DRIFT_TAKEN_OUT = "The drift of log norms that a network of this width has is taken out."
CHAPTER = "chapter Six schemes side by side, section “{}”"
DERIVATION = "derivation-six-schemes"
SCALED_SIGNALS = HE_2015.at(
    "section 2.2, Discussions, “When L is large, if β > 1, this leads to "
    "extremely amplified signals and an algorithm output of infinity; if β < 1, "
    "this leads to diminishing signals”"
)
BITS = (
    "The binary logarithm of the second moment of the last activations over that "
    "of the first, less the drift that the width brings, over the number of "
    "layers; in powers of two per layer, for one image, the mean over draws of "
    "the weights."
)
HUNDREDTHS = (
    "A hundredth of a power of two per layer, ten powers after a thousand: the spread of log norms."
)
TANH = activations.activation("tanh")
SETTLED_MOMENT = mean_field.length_fixed_point(TANH, 2.0, 0.0) / 2.0


def variance(name: str, weight_variance: float) -> NegativeControl:
    """Return the control with another weight variance in a scheme."""
    change = f"Weights of variance {weight_variance:g}/n."
    return NegativeControl(change, {f"schemes.{name}.weight_variance": weight_variance})


CLAIMS = (
    Claim(
        id="glorot-relu-thousand-layers",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n a thousand ReLU layers halve the signal a thousand times, besides the "
            "drift of their width."
        ),
        source=SCALED_SIGNALS,
        quantity="bits_per_layer.glorot_relu",
        measured_as=BITS,
        prediction=-1.0,
        band=around(-1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {DRIFT_TAKEN_OUT}",
        remark=(
            "Minus one power of two per layer, down to 2⁻¹⁰⁰⁰ and less by the drift. The "
            "source's factor β is here 1/2, and it speaks of the expectation (he-eq8-eq9). "
            "kaiming-relu-thousand-layers reads the same networks."
        ),
        control=variance("glorot_relu", 2.0),
        rival=Rival(
            "There is no drift of the width, and the halving is all.",
            -1.0 - log_norm_drift(WIDTH) / log(2),
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="kaiming-relu-thousand-layers",
        kind=Kind.IDENTITY,
        statement=(
            "At variance 2/n the log of a ReLU network's second moment changes, over a thousand "
            "layers, by the drift of its width and nothing else."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What a layer does in each scheme")),
        quantity="bits_per_layer.kaiming_relu",
        measured_as=BITS,
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=HUNDREDTHS,
        remark=(
            "It follows from glorot-relu-thousand-layers by algebra: a ReLU network is "
            "homogeneous, both are drawn from the same random numbers, and so the two measured "
            "numbers differ by exactly 1. It is one measurement, and counted as a law once. "
            "That the drift is there is log-norm-drift. He et al. speak of the expectation."
        ),
        control=variance("kaiming_relu", 1.0),
        derivation=DERIVATION,
    ),
    Claim(
        id="kaiming-linear-thousand-layers",
        kind=Kind.LAW,
        statement=(
            "At variance 2/n a thousand linear layers double the signal a thousand times, besides "
            "the drift of their width."
        ),
        source=SCALED_SIGNALS,
        quantity="bits_per_layer.kaiming_linear",
        measured_as=BITS,
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {DRIFT_TAKEN_OUT}",
        remark=(
            "The 2 is for the ReLU; without one it is as wrong as a 1 is with one. The source's "
            "factor β is here 2. These draws cannot tell this law from one without a drift, of "
            "which the same number would be 1.011."
        ),
        control=variance("kaiming_linear", 1.0),
        rival=Rival(
            "Also without an activation a layer halves, so that 2/n keeps the signal.", 0.0
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="kaiming-tanh-thousand-layers",
        kind=Kind.LAW,
        statement="At variance 2/n the second moment of tanh layers settles and stays.",
        source=POOLE_2016.at("section 2, the length map and its fixed point q*"),
        quantity="settled_second_moment.kaiming_tanh",
        measured_as=(
            "The second moment of the activations of the last layers, a number between 0 and 1, "
            "for one image; the mean over draws of the weights."
        ),
        prediction=SETTLED_MOMENT,
        band=within(SETTLED_MOMENT, 0.05),
        reason="Five per cent: the law is for wide layers, and these have 128 units.",
        departure="Read at the activation; the source's length is that of the preactivation.",
        remark="A bounded activation forgives a variance that is too large, up to the gradient.",
        control=variance("kaiming_tanh", 1.0),
        rival=Rival(
            ("The law of the preactivation is taken for that of the activation."),
            2.0 * SETTLED_MOMENT,
        ),
        derivation=DERIVATION,
    ),
    Claim(
        id="tanh-critical-decay",
        kind=Kind.LAW,
        statement="At variance 1/n the second moment after l layers of tanh is 1/(2l).",
        source=SCHOENHOLZ_2017.at("the critical point of tanh networks without biases"),
        quantity="second_moment_times_twice_depth.critical",
        measured_as=(
            "Twice the number of layers, times the second moment of the activations there, for "
            "one image; the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.15),
        reason="Fifteen per cent: the leading term for many layers, though fewer than units.",
        departure="Read where layers are fewer than units; the source's are infinitely wide.",
        remark=(
            "In a network deeper than wide the typical size falls below this law, as that of the "
            "linear network it becomes (tanh-deeper-than-wide)."
        ),
        control=NegativeControl("Weights of variance 1.25/n.", {"critical.weight_variance": 1.25}),
        rival=Rival("After l layers the second moment is 1/l.", 2.0),
        derivation="derivation-tanh-decay",
    ),
    Claim(
        id="tanh-deeper-than-wide",
        kind=Kind.LAW,
        statement=(
            "At variance 1/n a tanh network deeper than wide shrinks its typical signal to "
            "1/(2n(e^(l/n) − 1)), exponentially and not as a power of the depth."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Tanh at 1/n becomes a linear network")),
        quantity="drift_over_law.glorot_tanh",
        measured_as=(
            "By how much the logarithm of the second moment falls below that of 1/(2l), over "
            "how much the formula says; a ratio, for one image, the mean over draws of the "
            "weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=(
            "A half: without the drift it would be 0. What chance adds is left out of the law: at "
            "most 0.58 of the logarithm, an eighth of what the drift takes at the quick size."
        ),
        remark=(
            "By how much the log of the size falls below that of the power law 1/(2l), over how "
            "much it does in the formula."
        ),
        control=variance("glorot_tanh", 2.0),
        rival=Rival(
            "The size is a power of the depth also where the network is deeper than wide.", 0.0
        ),
        derivation=DERIVATION,
    ),
)
