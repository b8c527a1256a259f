"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, NegativeControl, Untested, around
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

CHAPTER = "chapter Batch normalisation, section "
NOTE = "section Batch normalization, "
ONE_LAYER = (
    "One linear layer with random weights, before any training, on MNIST and in float64; the note "
    "describes no network."
)
STORED = NegativeControl(
    "Normalise by the statistics of all images, as inference does.", {"statistics": "running"}
)
IDENTITY = (
    "A millionth: an identity, so only rounding is left, and that is smaller by many orders; the "
    "effect without it is of order 1."
)
COARSE = NegativeControl("Add 1/10 to the variance instead of 1/100,000.", {"epsilon": 0.1})

identity = partial(
    Claim,
    prediction=0.0,
    band=around(0.0, 1e-6),
    reason=IDENTITY,
    control=STORED,
)

CLAIMS = (
    identity(
        id="s003-bn-cancels-bias",
        statement=(
            "Batch normalisation removes any effect of a bias before it, whatever the bias is."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}“removes any effect that bias would have”"),
        quantity="bias_effect.training",
        departure=ONE_LAYER,
        remark=(
            "Exact while the batch's own mean is subtracted. In inference the subtracted mean is "
            "stored, and a bias that changes after it was stored has its full effect "
            "(bn-bias-matters-in-inference)."
        ),
        derivation="derivation-bias-cancels",
    ),
    identity(
        id="s003-bn-bias-keeps-its-value",
        statement=(
            "A bias before batch normalisation is not zeroed itself; only its effect is taken away."
        ),
        source=NORMALISATION_NOTE.at("sentence “the bias values wouldn't actually be zero”"),
        quantity="bias_gradient.training",
        remark="Without a gradient it keeps the value it began with (bn-bias-gradient-is-zero).",
        derivation="derivation-bias-cancels",
    ),
    identity(
        id="bn-bias-gradient-is-zero",
        statement="A bias before batch normalisation receives no gradient.",
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it”"),
        quantity="bias_gradient.training",
        remark=(
            "The norm of the bias's gradient over that of the weights'. So the bias stays where it "
            "was initialised, which need not be 0; torch initialises it at random."
        ),
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="bn-bias-matters-in-inference",
        statement=(
            "In inference a bias that is added before batch normalisation, after its averages were "
            "taken, moves the output in full: one of two standard deviations by two."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it”"),
        quantity="bias_effect.inference",
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: it is exact but for ε, which is a hundred-thousandth.",
        remark="The condition under which the bias cancels is that the batch's own mean is taken.",
        control=COARSE,
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="s003-bn-couples-examples",
        statement=(
            "In training, batch normalisation makes the output of each input depend on the others."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}“it's coupling all of the inputs during training”"),
        quantity="mate_share.training",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: the share is 1 + (1 − κ)/(2(n − 2)) with the kurtosis κ of the batch, "
            "and a κ of up to 13 in a batch of 64 stays within it. Without coupling it is 0."
        ),
        departure=ONE_LAYER,
        remark=(
            "The quantity is n/2 times the share of the squared derivatives of an output that "
            "belong to the other rows of the batch. The note asks what the coupling means: the "
            "output and the gradient of an image depend on the images it happens to share a batch "
            "with. In inference they do not."
        ),
        control=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-loses-two-directions",
        statement=(
            "The derivative of batch normalisation, times the standard deviation, projects on what "
            "is orthogonal to two directions: the constant one and the output itself."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“What a row gets from its mates”"),
        quantity="directions_lost.training",
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: the trace of a projector is exact, but for ε over the variance.",
        remark=(
            "The size of the batch minus the trace. The two directions are those in which the "
            "output cannot change: a shift of all rows, and a scale of all rows."
        ),
        control=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-mates-move-an-output",
        statement=(
            "Exchanging all other rows of a batch of n moves an output of batch normalisation by "
            "√(3/n) standard deviations, if the preactivation is Gaussian."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“What a row gets from its mates”"),
        quantity="moved_squared_over_law.64",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: the law for a kurtosis κ is (κ + 3)/6 of that for a Gaussian one, and a κ "
            "from 2 to 4 stays within it."
        ),
        departure="The preactivations of MNIST are not quite Gaussian over images.",
        remark="The mean square of the change, over 3/n; n is 64.",
        control=STORED,
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="s003-bn-formula",
        statement=(
            "Batch normalisation standardises by the mean and the standard deviation of the data "
            "set, then multiplies by one parameter and adds another."
        ),
        source=NORMALISATION_NOTE.at(f"{NOTE}the formula, “mean of the data set”"),
        quantity="formula_error.data_set",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=(
            "A hundredth of a deviation: the formula is an identity or it is not, and a batch of n "
            "has another mean than the data by about 1/√n deviations."
        ),
        departure=ONE_LAYER,
        remark=(
            "In training, mean and variance are those of the minibatch, the variance with n in the "
            "denominator and ε added under the root (bn-uses-the-batch, bn-biased-variance). The "
            "two parameters are not arbitrary: they are learned, from 1 and 0."
        ),
        control=STORED,
        derivation="derivation-batch-normalisation",
    ),
    identity(
        id="bn-uses-the-batch",
        statement=(
            "In training torch's batch normalisation subtracts the mean of the minibatch and "
            "divides by the root of its biased variance plus ε."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The forward pass”"),
        quantity="formula_error.batch",
        remark="The precise form of s003-bn-formula: torch against the function coded by hand.",
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-biased-variance",
        statement=(
            "The output of batch normalisation has variance 1 over a batch of n, if the squares "
            "are divided by n."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The forward pass”"),
        quantity="output_variance.training",
        prediction=1.0,
        band=around(1.0, 0.005),
        reason=(
            "A third of 1/64, by which the variance would be off if n − 1 stood below where the "
            "batch is normalised."
        ),
        remark="Short of 1 by ε over the variance of the preactivation.",
        control=COARSE,
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-gradient-inverse-to-scale",
        statement=(
            "Before batch normalisation, weights a tenth as large receive a gradient ten times as "
            "large."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights”"),
        quantity="gradient_times_scale.tenth",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=(
            "One per cent: exact but for ε, which is a few thousandths of the variance once the "
            "weights are a tenth as large."
        ),
        remark="The output stays the same, so a step of descent counts 1/a² times as much.",
        control=STORED,
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-gradient-orthogonal-to-weights",
        statement=(
            "The gradient of a unit's weights before batch normalisation is orthogonal to them."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights”"),
        quantity="gradient_along_weights.training",
        prediction=0.0,
        band=around(0.0, 0.001),
        reason="A thousandth of the cosine: exact but for ε over the variance.",
        remark="The loss does not change along the weights, so plain descent only lengthens them.",
        control=STORED,
        derivation="derivation-scale-invariance",
    ),
)

UNTESTED = (
    Untested(
        id="s003-bn-most-common-before",
        statement="Batch normalisation most commonly stands before the activation.",
        source=NORMALISATION_NOTE.at("sentence “it's most common to do before though”"),
        reason="A statement about how often something is done, not about a network.",
        remark="Before it is the place in the paper of Ioffe and Szegedy (2015).",
    ),
    Untested(
        id="s003-missing-heading",
        statement="The squashing by an activation is typically fixed by applying something.",
        source=NORMALISATION_NOTE.at(
            "“This normalization is typically fixed by applying something like”"
        ),
        reason="The sentence breaks off before it names what is applied, so it states nothing.",
        remark=(
            "A heading without text follows and then the section on batch normalisation. Whether "
            "that is the lost word cannot be told, so it is not counted as a statement."
        ),
    ),
)
