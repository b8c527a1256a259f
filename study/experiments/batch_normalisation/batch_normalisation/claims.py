"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Cause, Claim, Kind, NegativeControl, Rival, Untested, around
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
    "A millionth: an identity, so only rounding is left, and that is smaller by many powers of "
    "ten; the effect without it is of order 1."
)

identity = partial(
    Claim,
    prediction=0.0,
    band=around(0.0, 1e-6),
    reason=IDENTITY,
    control=STORED,
)

USES_THE_BATCH = identity(
    id="bn-uses-the-batch",
    kind=Kind.SOFTWARE,
    statement=(
        "In training torch's batch normalisation subtracts the mean of the minibatch and "
        "divides by the root of its biased variance plus ε."
    ),
    source=THIS_STUDY.at(f"{CHAPTER}“The forward pass standardises each column”"),
    quantity="formula_error.batch",
    measured_as=(
        "The root mean square difference between torch's output in training and the "
        "formula with the mean and the biased variance of the minibatch; a number, the "
        "mean over draws of the weights."
    ),
    remark="The precise form of s003-bn-formula: torch against the function coded by hand.",
    derivation="derivation-batch-normalisation",
)

CLAIMS = (
    identity(
        id="s003-bn-cancels-bias",
        kind=Kind.IDENTITY,
        statement=(
            "Batch normalisation removes any effect of a bias before it, whatever the bias is."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “the subtraction of the mean in the "
            "normalization removes any effect that bias would have”"
        ),
        quantity="bias_effect.training",
        measured_as=(
            "The root mean square change of an output when a bias is added before the "
            "normalisation, in standard deviations of the output; a number, the mean over draws of "
            "the weights."
        ),
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
        kind=Kind.IDENTITY,
        statement=(
            "A bias before batch normalisation is not zeroed itself; only its effect is taken away."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “the bias values wouldn't actually be zero”"
        ),
        quantity="bias_gradient.training",
        measured_as=(
            "The norm of the gradient of the bias over that of the gradient of the weights; a "
            "number, the mean over draws of the weights."
        ),
        remark="Without a gradient it keeps the value it began with (bn-bias-gradient-is-zero).",
        derivation="derivation-bias-cancels",
    ),
    identity(
        id="bn-bias-gradient-is-zero",
        kind=Kind.IDENTITY,
        statement="A bias before batch normalisation receives no gradient.",
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it cancels”"),
        quantity="bias_gradient.training",
        measured_as=(
            "The norm of the gradient of the bias over that of the gradient of the weights; a "
            "number, the mean over draws of the weights."
        ),
        remark=(
            "So the bias stays where it was initialised, which need not be 0; torch "
            "initialises it at random. The note's s003-bn-bias-keeps-its-value rests on it."
        ),
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="bn-bias-matters-in-inference",
        kind=Kind.IDENTITY,
        statement=(
            "In inference a bias that is added before batch normalisation, after its averages were "
            "taken, moves the output in full: one of two standard deviations by two."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“A bias before it cancels”"),
        quantity="bias_effect.inference",
        measured_as=(
            "The change of an output in inference when a bias of two standard deviations is "
            "added before the normalisation, in standard deviations of the output; a number, "
            "the mean over draws of the weights."
        ),
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: it is exact but for ε, which is a hundred-thousandth.",
        remark="The condition under which the bias cancels is that the batch's own mean is taken.",
        control=NegativeControl("Add a bias of one standard deviation.", {"bias": 1.0}),
        derivation="derivation-bias-cancels",
    ),
    Claim(
        id="s003-bn-couples-examples",
        kind=Kind.LAW,
        statement=(
            "In training, batch normalisation makes the output of each input depend on the others."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “since it's working with the mean and "
            "standard deviation of each layer, it's coupling all of the inputs during "
            "training”"
        ),
        quantity="mate_share.training",
        measured_as=(
            "Half the size of the batch, times the share of the squared derivatives of an "
            "output that belong to the other images of the batch; a number, the mean over "
            "units and draws of the weights."
        ),
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
        rival=Rival("An output depends on its own image alone.", 0.0),
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-loses-two-directions",
        kind=Kind.IDENTITY,
        statement=(
            "The derivative of batch normalisation, times the standard deviation, projects on what "
            "is orthogonal to two directions: the constant one and the output itself."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“How a row depends on the rest of its batch”"),
        quantity="directions_lost.training",
        measured_as=(
            "The size of the batch minus the trace of the derivative of the outputs of a unit "
            "by its preactivations, times the standard deviation; in directions, the mean "
            "over units and draws of the weights."
        ),
        prediction=2.0,
        band=around(2.0, 0.01),
        reason="A half per cent: the trace of a projector is exact, but for ε over the variance.",
        remark=(
            "The size of the batch minus the trace. The two directions are those in which the "
            "output cannot change: a shift of all rows, and a scale of all rows."
        ),
        control=NegativeControl("Add 1/10 to the variance instead of 1/100,000.", {"epsilon": 0.1}),
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="bn-mates-move-an-output",
        kind=Kind.LAW,
        statement=(
            "Exchanging all other rows of a batch of n moves an output of batch normalisation by "
            "√(3/n) standard deviations, if the preactivation is Gaussian."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“How a row depends on the rest of its batch”"),
        quantity="moved_squared_over_law.64",
        measured_as=(
            "The mean square change of an output, in standard deviations, when all other "
            "images of a batch of 64 are exchanged, over 3/64; a ratio, the mean over units "
            "and draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: the law for a kurtosis κ is (κ + 3)/6 of that for a Gaussian one, and a κ "
            "from 2 to 4 stays within it."
        ),
        departure="The preactivations of MNIST are not quite Gaussian over images.",
        remark="The mean square of the change, over 3/n; n is 64.",
        control=STORED,
        rival=Rival(
            "Only the mean of the batch moves the output, and not its scale as well.", 2 / 3
        ),
        derivation="derivation-row-depends-on-batch",
    ),
    Claim(
        id="s003-bn-formula",
        kind=Kind.IDENTITY,
        statement=(
            "Batch normalisation standardises by the mean and the standard deviation of the data "
            "set, then multiplies by one parameter and adds another."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, the formula, and below it “m = mean of the "
            "data set, s = standard deviation, g = arbitrary parameter, b = arbitrary "
            "parameter”"
        ),
        quantity="formula_error.data_set",
        measured_as=(
            "The root mean square difference between torch's output in training and the "
            "note's formula with the mean and the standard deviation of all images, in "
            "standard deviations; a number, the mean over draws of the weights."
        ),
        prediction=0.0,
        band=around(0.0, 0.01),
        reason=(
            "A hundredth of a standard deviation: the formula is an identity or it is not, and a "
            "batch of n has another mean than the data by about 1/√n standard deviations."
        ),
        departure=ONE_LAYER,
        remark=(
            "With the minibatch in place of the data set the formula holds, up to the ε that "
            "is added under the root (bn-uses-the-batch); the variance has n in the "
            "denominator (bn-biased-variance). Of inference it is right, as far as the "
            "running averages have come to those of the data. The two parameters are learned, "
            "from 1 and 0."
        ),
        control=STORED,
        corrected=USES_THE_BATCH,
        derivation="derivation-batch-normalisation",
    ),
    USES_THE_BATCH,
    Claim(
        id="bn-biased-variance",
        kind=Kind.IDENTITY,
        statement=(
            "The output of batch normalisation has variance 1 over a batch of n, if the squares "
            "are divided by n."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The forward pass standardises each column”"),
        quantity="output_variance.training",
        measured_as=(
            "The variance, with n in the denominator, of an output over the batch; a number, "
            "the mean over units and draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.005),
        reason=(
            "A third of 1/64, by which the variance would be off if the batch were normalised with "
            "n − 1 in the denominator."
        ),
        remark="Short of 1 by ε over the variance of the preactivation.",
        control=NegativeControl(
            "Add 1/20 to the variance instead of 1/100,000.", {"epsilon": 0.05}
        ),
        derivation="derivation-batch-normalisation",
    ),
    Claim(
        id="bn-gradient-inverse-to-scale",
        kind=Kind.IDENTITY,
        statement=(
            "Before batch normalisation, weights a tenth as large receive a gradient ten times as "
            "large."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights becomes a learning rate”"),
        quantity="gradient_times_scale.tenth",
        measured_as=(
            "The norm of the gradient at weights a tenth as large, times a tenth, over the "
            "norm at the usual ones; a ratio, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=(
            "One per cent: exact but for ε, which is a few thousandths of the variance once the "
            "weights are a tenth as large."
        ),
        remark="The output stays the same, so a step of descent counts 1/a² times as much.",
        control=NegativeControl(
            "Add 1/1,000 to the variance instead of 1/100,000.", {"epsilon": 0.001}
        ),
        derivation="derivation-scale-invariance",
    ),
    Claim(
        id="bn-gradient-orthogonal-to-weights",
        kind=Kind.IDENTITY,
        statement=(
            "The gradient of a unit's weights before batch normalisation is orthogonal to them."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}“The scale of the weights becomes a learning rate”"),
        quantity="gradient_along_weights.training",
        measured_as=(
            "The cosine between the weights of a unit and their gradient, without its sign; a "
            "number, the mean over units and draws of the weights."
        ),
        prediction=0.0,
        band=around(0.0, 0.001),
        reason="A thousandth of the cosine: exact but for ε over the variance.",
        remark="The loss does not change along the weights, so plain descent only lengthens them.",
        control=NegativeControl("Add 1 to the variance instead of 1/100,000.", {"epsilon": 1.0}),
        derivation="derivation-scale-invariance",
    ),
)

UNTESTED = (
    Untested(
        id="s003-bn-most-common-before",
        cause=Cause.TIME,
        statement="Batch normalisation most commonly stands before the activation.",
        source=NORMALISATION_NOTE.at("sentence “it's most common to do before though”"),
        reason="A statement about how often something is done, not about a network.",
        remark="Before it is the place in the paper of Ioffe and Szegedy (2015).",
    ),
    Untested(
        id="s003-missing-heading",
        cause=Cause.WORDS,
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
