"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Kind, NegativeControl, Rival, around
from study.theory.sources import THIS_STUDY

CHAPTER = "chapter What survives normalisation and Adam, section"
GRADIENT = f"{CHAPTER} “The gradient goes as one over the scale”"
RATE = f"{CHAPTER} “Two optimisers, two powers”"
PLAIN = f"{CHAPTER} “Without normalisation it is the other way round”"
NETWORK = (
    "Four hidden layers of width 64 on MNIST, in float64; normalisations without a gain, a shift "
    "or an ε that counts. At quick size the width is 32."
)
NAMES = {"rms": "RMSNorm", "layer": "LayerNorm", "batch": "batch normalisation"}
POWER = (
    "The logarithm of the norm of the first gradient by the hidden weights from weights three "
    "times as large, over that from the usual ones, over the logarithm of three, averaged over "
    "draws; a power."
)
LOSSES = (
    "The largest difference between the losses of one update, over 20 updates, from weights three "
    "times as large and from the usual ones, averaged over draws; in nats."
)
ROUNDING = "A millionth: rounding in float64 makes 1e-16, and 20 updates enlarge it."

identity = partial(Claim, kind=Kind.IDENTITY, departure=NETWORK)

CLAIMS = (
    *(
        identity(
            id=f"norm-gradient-inverse-scale-{norm}",
            statement=(
                f"With {name} behind each hidden map, hidden weights s times as large have a "
                "gradient that is s times as small."
            ),
            source=THIS_STUDY.at(GRADIENT),
            quantity=f"gradient_power.{norm}_descent",
            measured_as=POWER,
            prediction=-1.0,
            band=around(-1.0, 1e-6),
            reason="A millionth: exact but for rounding in float64.",
            remark="The loss does not depend on the scale, so its derivative has the factor 1/s.",
            control=NegativeControl(
                "Take the normalisations out.", {f"arms.{norm}_descent.norm": "none"}
            ),
            rival=Rival("The gradient does not depend on the scale either.", 0.0),
            derivation="derivation-norm-gradient-scale",
        )
        for norm, name in NAMES.items()
    ),
    *(
        identity(
            id=f"norm-descent-rate-square-{norm}",
            statement=(
                f"With {NAMES[norm]}, plain descent from hidden weights s times as large, at s² "
                "times their learning rate, has the same loss in every update."
            ),
            source=THIS_STUDY.at(RATE),
            quantity=f"loss_difference.{norm}_descent",
            measured_as=LOSSES,
            prediction=0.0,
            band=around(0.0, 1e-6),
            reason=ROUNDING,
            remark=(
                "The biases before the normalisation take the rate of the hidden weights. For "
                "batch normalisation it is bn-effective-learning-rate."
            ),
            control=NegativeControl(
                "Multiply the rate by s instead.", {f"arms.{norm}_descent.rate_power": 1}
            ),
            derivation="derivation-two-powers",
        )
        for norm in ("rms", "layer")
    ),
    *(
        identity(
            id=f"norm-adam-rate-first-power-{norm}",
            statement=(
                f"With {NAMES[norm]}, Adam from hidden weights s times as large, at s times their "
                "learning rate and with their ε over s, has the same loss in every update."
            ),
            source=THIS_STUDY.at(RATE),
            quantity=f"loss_difference.{norm}_adam",
            measured_as=LOSSES,
            prediction=0.0,
            band=around(0.0, 1e-6),
            reason=ROUNDING,
            departure=f"{NETWORK} Adam has torch's settings but for ε.",
            remark=(
                "Adam divides a gradient by its size, so one power of s is gone. Found in a trial "
                "at quick size, where it failed for batch normalisation at an ε of 1e-30: Adam "
                "then makes full steps of what rounding leaves of gradients that are zero."
            ),
            control=NegativeControl(
                "Multiply the rate by s², as plain descent needs it.",
                {f"arms.{norm}_adam.rate_power": 2},
            ),
            derivation="derivation-two-powers",
        )
        for norm in ("layer", "batch")
    ),
    identity(
        id="adam-first-step-inverse-scale",
        statement=(
            "Without normalisation, too, Adam's first step is s times as small beside hidden "
            "weights s times as large: it does not depend on the size of the gradient."
        ),
        source=THIS_STUDY.at(RATE),
        quantity="step_power.plain_adam",
        measured_as=(
            "The logarithm of the norm of the first update over that of the hidden weights, from "
            "weights three times as large over that from the usual ones, over the logarithm of "
            "three, averaged over draws; a power."
        ),
        prediction=-1.0,
        band=around(-1.0, 1e-6),
        reason="A millionth: exact but for rounding in float64.",
        departure=f"{NETWORK} Adam has torch's settings, but an ε of 1e-15.",
        remark="Every parameter whose gradient is not zero moves by the learning rate.",
        control=NegativeControl("Take plain descent.", {"arms.plain_adam.optimiser": "descent"}),
        rival=Rival("As plain descent, whose step follows the gradient.", 2.0),
        derivation="derivation-two-powers",
    ),
    Claim(
        id="plain-gradient-power-of-depth",
        kind=Kind.LAW,
        statement=(
            "Without normalisation and with small logits, all H hidden weights of a ReLU network s "
            "times as large have a gradient that is s^(H − 1) times as large."
        ),
        source=THIS_STUDY.at(PLAIN),
        quantity="gradient_power.plain_descent",
        measured_as=POWER,
        prediction=3.0,
        band=around(3.0, 0.01),
        reason="A hundredth: exact for logits of zero, and ours are a thousandth at most.",
        departure=(
            "Four hidden layers of width 64 on MNIST, so H = 4, in float64; last weights of a "
            "hundred-thousandth of the usual size."
        ),
        remark="So a step beside the weights goes as s to the power of H − 2: small weights wait.",
        control=NegativeControl("Put in LayerNorm.", {"arms.plain_descent.norm": "layer"}),
        rival=Rival("All H hidden layers multiply it.", 4.0),
        derivation="derivation-plain-scale",
    ),
)
