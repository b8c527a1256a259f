"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, NegativeControl, around, within
from study.theory.glorot import STANDARD
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot's law, section “{}”"
STARTING = (
    "A linear network on MNIST with the gradient of its true cross-entropy, before any training; "
    "the paper states it for a network in its linear regime."
)
HIDDEN = f"{STARTING} Followed between hidden layers of one width."
TENTH = "A tenth: the law is for expectations, and a single network of such widths strays by less."
FACTOR = "Three per cent of a factor; the other initialisation's is three times as large or small."
SWAP = NegativeControl(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
TRUNCATE = NegativeControl(
    "Draw truncated Gaussian weights without making up for the variance that is cut off.",
    {"law": "truncated"},
)

ratio_to_law = partial(
    Claim,
    prediction=1.0,
    band=around(1.0, 0.1),
    reason=TENTH,
)

CLAIMS = (
    ratio_to_law(
        id="gb-eq5-forward",
        statement=(
            "In the linear regime the variance of the activations z^i is that of the input x times "
            "the product of n Var W of all layers."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 5"),
        quantity="forward_over_law.standardised",
        departure=f"{STARTING} Var x is read as the mean square of the standardised pixels.",
        remark="The last hidden layer, five factors up. With other images: equation-5-pixels.",
        control=SWAP,
        derivation="glorot-eq5",
    ),
    ratio_to_law(
        id="equation-5-pixels",
        statement=(
            "The variance of the activations, Glorot and Bengio's equation 5, holds with the "
            "variance of the features, whatever their mean."
        ),
        source=GLOROT_2010.at("section 4.2.1, “the inputs features variances are the same”"),
        quantity="forward_over_variance_law.contrast",
        departure=(
            f"{STARTING} Pixels between 0 and 1; Var x is the variance of a pixel over the images, "
            "averaged over pixels. The paper does not say that features must have mean 0."
        ),
        remark="The mean square of x belongs there (mean-square-of-inputs).",
        control=NegativeControl("Take from each pixel its mean.", {"contrast": "centred"}),
        derivation="glorot-eq5",
    ),
    ratio_to_law(
        id="mean-square-of-inputs",
        statement=(
            "With the mean square of x for its variance, Glorot and Bengio's equation 5, the "
            "variance of the activations, holds for any inputs."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 5, upwards")),
        quantity="forward_over_law.contrast",
        departure="None: pixels between 0 and 1, of which many never vary.",
        remark="Features need neither mean 0 nor one variance; only their mean square counts.",
        control=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="gb-eq6-backward",
        statement=(
            "From the preactivations s^d down to s^i the variance of the gradient has d − i + 1 "
            "factors."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 6, the product from i to d"),
        quantity="backward_over_printed_law.standard",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth; a factor too many is a factor of three.",
        departure=HIDDEN,
        remark="A misprint: equations 7 and 13 have d − i (as-many-factors-as-matrices).",
        control=TRUNCATE,
        derivation="glorot-eq6",
    ),
    ratio_to_law(
        id="as-many-factors-as-matrices",
        statement=(
            "In a linear network the variance of the gradient has one factor n' Var W per matrix "
            "between layers."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 6, downwards")),
        quantity="backward_over_law.standard",
        remark="From the last hidden layer to the first, with the gradient of the true loss.",
        control=TRUNCATE,
        derivation="glorot-eq6",
    ),
    ratio_to_law(
        id="gb-eq7-weight-gradient",
        statement=(
            "The variance of a weight's gradient is the product of those of activations and "
            "gradients, Glorot and Bengio's equations 5 and 6."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 7"),
        quantity="weight_gradient_over_law.standard",
        departure=(
            f"{HIDDEN} The gradient of one image, as in equation 3. Its second product is read "
            "from i + 1 to d, and printed from i to d − 1; here the two are equal."
        ),
        remark="Averaged over the hidden layers; it needs z and the gradient to be independent.",
        control=SWAP,
        derivation="glorot-eq7",
    ),
    Claim(
        id="gb-eq12-compromise",
        statement=(
            "With Var W = 2/(n + n') and equal widths the constraint that the activations keep "
            "their variance is met."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 12 and the sentence after it"),
        quantity="forward_factor.normalised",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="With unequal widths it is not: compromise-forward.",
        control=SWAP,
        derivation="glorot-compromise",
    ),
    Claim(
        id="gb-eq12-compromise-gradients",
        statement=(
            "With Var W = 2/(n + n') and equal widths the constraint that the gradients keep their "
            "variance is met."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 12 and the sentence after it"),
        quantity="backward_factor.normalised",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="With unequal widths it is not: compromise-backward.",
        control=SWAP,
        derivation="glorot-compromise",
    ),
    Claim(
        id="gb-eq13-equal-widths",
        statement="With equal widths the variance of the gradient is [n Var W]^(d − i) Var x.",
        source=GLOROT_2010.at("section 4.2.1, equation 13"),
        quantity="gradient_ratio_over_scale.two_scales",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth; the two scales of the images differ tenfold in variance.",
        departure=(
            f"{STARTING} One network, standardised images and those between 0 and 1: by how much "
            "the gradient of the first layer changes, over by how much Var x changes."
        ),
        remark="A misprint: for Var x read Var ∂C/∂s^d (no-scale-of-inputs).",
        control=NegativeControl("Let both have the same images.", {"contrast": "standardised"}),
        derivation="glorot-eq13",
    ),
    Claim(
        id="no-scale-of-inputs",
        statement="The gradients of a linear network do not change with the scale of the images.",
        source=THIS_STUDY.at(HERE.format("Equations 13 and 14, equal widths")),
        quantity="gradient_ratio.two_scales",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="A twentieth, for what the softmax of small outputs still changes.",
        departure="None: the standard initialisation, whose outputs are small with any images.",
        remark="The first layer's gradient with standardised images over that with pixels.",
        control=SWAP,
        derivation="glorot-eq13",
    ),
    Claim(
        id="gb-eq14-equal-weight-gradients",
        statement=(
            "With equal widths the variance of the weights' gradients is the same for all layers."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 14 and the sentence after it"),
        quantity="log2_weight_gradient_ratio.standard",
        prediction=0.0,
        band=around(0.0, 0.15),
        reason="A tenth of the variance, in powers of two.",
        departure=f"{HIDDEN} First over last hidden layer, for the gradient of one image.",
        remark=(
            "With 1/(3n) the first layer belongs to it although it has another fan_in; with the "
            "normalised initialisation, which is the negative control, it stands out by "
            "(n + n')/(2n)."
        ),
        control=SWAP,
        derivation="glorot-eq14",
    ),
    Claim(
        id="gb-eq15-third",
        statement="With the standard initialisation each layer leaves a third of the gradient's "
        "variance.",
        source=GLOROT_2010.at("section 4.2.1, equation 15"),
        quantity="backward_factor.standard",
        prediction=STANDARD,
        band=within(STANDARD, 0.03),
        reason=FACTOR,
        departure=HIDDEN,
        remark="The mean factor of a layer: n Var W = 1/3.",
        control=SWAP,
        derivation="glorot-two-initialisations",
    ),
)
