"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Kind, NegativeControl, around, printed, within
from study.theory.glorot import (
    GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
    MEAN_OVER_ROOT_MEAN_SQUARE,
)
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot's law, section “{}”"
SECTION = "section 4.2.2, {}"
AROUND = "“with our normalized initialization, this ratio is around 0.8”"
SMALL = "Hidden layers 2 to 5 of a tanh network on MNIST, pixels between 0 and 1, one image a draw."
STANDARDISED = "Hidden layers 2 to 5 of a tanh network on MNIST, standardised images."
ONE_DIGIT = "What rounds to the paper's digit."
LARGE = "One per cent: the law is for a large matrix."
SWAP = NegativeControl(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
NO_TANH = NegativeControl("Leave the tanh away.", {"activation": "linear"})
ORTHOGONAL = NegativeControl("Draw orthogonal weights.", {"distribution": "orthogonal"})

CLAIMS = (
    Claim(
        id="gb-jacobian-normalised",
        kind=Kind.LAW,
        statement=(
            "With the normalised initialisation the average singular value of a layer's Jacobian "
            "is around 0.8."
        ),
        source=GLOROT_2010.at(SECTION.format(AROUND)),
        quantity="mean.normalised_pixels",
        prediction=0.8,
        band=printed(0.8, digits=1),
        reason=ONE_DIGIT,
        departure=SMALL,
        remark="It is 8/(3π) times what tanh leaves, and hangs on the images' scale.",
        control=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-normalised-standardised",
        kind=Kind.LAW,
        statement=(
            "With the normalised initialisation the average singular value of a layer's Jacobian "
            "is around 0.8 for standardised images as well."
        ),
        source=GLOROT_2010.at(SECTION.format(AROUND)),
        quantity="mean.normalised_standardised",
        prediction=0.8,
        band=printed(0.8, digits=1),
        reason=ONE_DIGIT,
        departure=f"{STANDARDISED} The paper does not give the scale of its inputs.",
        remark="Outside its linear regime tanh takes more away: linear-regime-standardised.",
        control=NO_TANH,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-jacobian-standard",
        kind=Kind.LAW,
        statement=(
            "With the standard initialisation the average singular value of a layer's Jacobian "
            "drops to 0.5."
        ),
        source=GLOROT_2010.at(SECTION.format("“it drops down to 0.5”")),
        quantity="mean.standard_pixels",
        prediction=0.5,
        band=printed(0.5, digits=1),
        reason=ONE_DIGIT,
        departure=SMALL,
        remark="In the linear regime it is 8/(3π√3).",
        control=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-quarter-circle",
        kind=Kind.LAW,
        statement="The mean singular value of a linear layer with n Var W = σ² is 8σ/(3π).",
        source=THIS_STUDY.at(HERE.format("Three averages of the Jacobian")),
        quantity="mean.linear",
        prediction=MEAN_OVER_ROOT_MEAN_SQUARE,
        band=within(MEAN_OVER_ROOT_MEAN_SQUARE, 0.01),
        reason=LARGE,
        departure="None: σ = 1, uniform weights.",
        remark="The mean of a quarter-circle law; it does not ask for the law of the weights.",
        control=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-singular-value-is-variance-ratio",
        kind=Kind.LAW,
        statement=(
            "The average singular value of a layer's Jacobian is the ratio of the activations' "
            "variances of two consecutive layers."
        ),
        source=GLOROT_2010.at(SECTION.format("the sentence after equation 17")),
        quantity="mean_over_variance_ratio.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth of a ratio that is to be 1.",
        departure=(
            f"{SMALL} The standard initialisation; with the normalised one the two come near each "
            "other, by chance."
        ),
        remark="The variance is a square: the mean of the squares is its ratio (jacobian-squares).",
        control=NegativeControl(
            "Draw weights so large that the two happen to agree in linear layers.",
            {
                "activation": "linear",
                "initialisations.standard.squared_bound": 3 * MEAN_OVER_ROOT_MEAN_SQUARE**2,
            },
        ),
        derivation="glorot-jacobian",
    ),
    Claim(
        id="jacobian-squares",
        kind=Kind.LAW,
        statement=(
            "The mean of the squared singular values of a linear layer is n Var W, the ratio of "
            "variances."
        ),
        source=THIS_STUDY.at(HERE.format("Three averages of the Jacobian")),
        quantity="root_mean_square.linear",
        prediction=1.0,
        band=around(1.0, 0.01),
        reason=LARGE,
        departure="None: linear layers with n Var W = 1; the root of the mean is read.",
        remark="The mean square over all directions is what a random direction gets on average.",
        control=SWAP,
        derivation="glorot-jacobian",
    ),
    Claim(
        id="gb-singular-value-is-volume-ratio",
        kind=Kind.LAW,
        statement=(
            "The average singular value of a layer's Jacobian is the average ratio of "
            "infinitesimal volumes."
        ),
        source=GLOROT_2010.at(SECTION.format("the sentence after equation 17")),
        quantity="geometric_over_mean.normalised_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth of a ratio that is to be 1.",
        departure=f"{SMALL} The ratio of volumes is read per dimension.",
        remark="A volume is a product: the geometric mean is its ratio (jacobian-volume).",
        control=ORTHOGONAL,
        derivation="glorot-geometric-mean",
    ),
    Claim(
        id="jacobian-volume",
        kind=Kind.LAW,
        statement="Per dimension a linear layer with n Var W = σ² multiplies volumes by σ/√e.",
        source=THIS_STUDY.at(HERE.format("The geometric mean")),
        quantity="geometric_mean.linear",
        prediction=GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE,
        band=within(GEOMETRIC_MEAN_OVER_ROOT_MEAN_SQUARE, 0.01),
        reason=LARGE,
        departure="None: σ = 1, uniform weights.",
        remark="The n-th root of the determinant's size.",
        control=ORTHOGONAL,
        derivation="glorot-geometric-mean",
    ),
    Claim(
        id="isometry-averages-agree",
        kind=Kind.IDENTITY,
        statement="For an orthogonal matrix all averages of the singular values are one number.",
        source=THIS_STUDY.at(HERE.format("The geometric mean")),
        quantity="geometric_over_mean.isometry",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth, for rounding.",
        remark="Means of unequal numbers differ, so that only multiples of such matrices have it.",
        control=NegativeControl("Draw uniform weights.", {"isometry": "uniform"}),
        derivation="glorot-geometric-mean",
    ),
)
