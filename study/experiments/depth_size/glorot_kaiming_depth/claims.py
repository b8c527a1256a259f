"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, NegativeControl, around, within
from study.theory import activations, mean_field
from study.theory.sources import HE_2015, POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

WIDE = "The drift of log norms that a network of this width has is taken out."
SIX_SCHEMES = THIS_STUDY.at("chapter The size of a signal at depth 1000, section “Six schemes”")
DERIVED = "derivation-six-schemes"
HUNDREDTHS = (
    "A hundredth of a power of two per layer, ten powers after a thousand: the spread of log norms."
)
TANH = activations.activation("tanh")
SETTLED = mean_field.length_fixed_point(TANH, 2.0, 0.0) / 2.0


def variance(name: str, weight_variance: float) -> NegativeControl:
    """Return the control with another weight variance in a scheme."""
    said = f"Weights of variance {weight_variance:g}/n."
    return NegativeControl(said, {f"schemes.{name}.weight_variance": weight_variance})


CLAIMS = (
    Claim(
        id="glorot-relu-thousand-layers",
        statement=(
            "At variance 1/n a thousand ReLU layers halve the signal a thousand times, besides the "
            "drift of their width."
        ),
        source=HE_2015.at("section 2.2, Discussions, “β < 1”"),
        quantity="bits_per_layer.glorot_relu",
        prediction=-1.0,
        band=around(-1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {WIDE}",
        remark=(
            "Minus one power of two per layer, down to 2⁻¹⁰⁰⁰ and less by the drift. The source "
            "speaks of the expectation (he-eq8-eq9)."
        ),
        control=variance("glorot_relu", 2.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-relu-thousand-layers",
        statement=(
            "At variance 2/n the log of a ReLU network's second moment changes, over a thousand "
            "layers, by the drift of its width and nothing else."
        ),
        source=SIX_SCHEMES,
        quantity="bits_per_layer.kaiming_relu",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=HUNDREDTHS,
        remark=(
            "The powers of two per layer that are left when the drift is taken out, of which "
            "log-norm-drift says that it is there. He et al. speak of the expectation."
        ),
        control=variance("kaiming_relu", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-linear-thousand-layers",
        statement=(
            "At variance 2/n a thousand linear layers double the signal a thousand times, besides "
            "the drift of their width."
        ),
        source=HE_2015.at("section 2.2, Discussions, “β > 1”"),
        quantity="bits_per_layer.kaiming_linear",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=HUNDREDTHS,
        departure=f"Read of the log of the second moment of one image. {WIDE}",
        remark="The 2 is for the ReLU; without one it is as wrong as a 1 is with one.",
        control=variance("kaiming_linear", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="kaiming-tanh-thousand-layers",
        statement="At variance 2/n the second moment of tanh layers settles and stays.",
        source=POOLE_2016.at("section 2, the fixed point of the length map"),
        quantity="settled_second_moment.kaiming_tanh",
        prediction=SETTLED,
        band=within(SETTLED, 0.05),
        reason="Five per cent: the law is for wide layers, and these have 128 units.",
        departure="Read at the activation; the source's length is that of the preactivation.",
        remark="A bounded activation forgives a variance that is too large, up to the gradient.",
        control=variance("kaiming_tanh", 1.0),
        derivation=DERIVED,
    ),
    Claim(
        id="tanh-critical-decay",
        statement="At variance 1/n the second moment after l layers of tanh is 1/(2l).",
        source=SCHOENHOLZ_2017.at("the critical point of tanh networks without biases"),
        quantity="second_moment_times_twice_depth.critical",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason="Fifteen per cent: the leading term for many layers, though fewer than units.",
        departure="Read where layers are fewer than units; the source's are infinitely wide.",
        remark=(
            "In a network deeper than wide the typical size falls below this law, as that of the "
            "linear network it becomes (tanh-deeper-than-wide)."
        ),
        control=NegativeControl("Weights of variance 1.25/n.", {"critical.weight_variance": 1.25}),
        derivation="derivation-tanh-decay",
    ),
    Claim(
        id="tanh-deeper-than-wide",
        statement=(
            "At variance 1/n a tanh network deeper than wide shrinks its typical signal to "
            "1/(2n(e^(l/n) − 1)), exponentially and not as a power of the depth."
        ),
        source=SIX_SCHEMES,
        quantity="drift_over_law.glorot_tanh",
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
        derivation=DERIVED,
    ),
)
