"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log2

from study.record.claims import Band, Claim, NegativeControl, Untested, around
from study.theory.glorot import STANDARD
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot's law, section “{}”"
FIGURE_6 = "section 4.2.2, figure 6, {}"
FIGURE_7 = "section 4.3, figure 7, {}"
SHAPESET = "On MNIST, pixels between 0 and 1; the paper's figure is from Shapeset-3×2."
STANDARDISED = "On MNIST, standardised images; the paper does not give the scale of its inputs."
SIMILAR = (
    "A factor of one and a half, where the other initialisation has nine; fixed after trials with "
    "other seeds, before this run."
)
WIDE = "Five per cent: the recursion is for wide layers."
DEPTH = "None: five hidden layers, standardised images, the normalised initialisation."
NINTH = STANDARD**2
SIGMOID_STEP = log2(STANDARD / 16) / 2
SWAP = NegativeControl(
    "Swap the two initialisations.",
    {
        "initialisations.standard.squared_bound": 3.0,
        "initialisations.standard.fan": "average",
        "initialisations.normalised.squared_bound": 1.0,
        "initialisations.normalised.fan": "fan_in",
    },
)
NO_TANH = NegativeControl("Leave the tanh away.", {"symmetric": "linear"})
TO_SIGMOID = NegativeControl("Replace the tanh by a sigmoid.", {"symmetric": "sigmoid"})
TO_TANH = NegativeControl("Replace the sigmoid by a tanh.", {"unsymmetric": "tanh"})

tanh_network = partial(
    Claim,
    prediction=1.0,
    control=NO_TANH,
    derivation="glorot-linear-regime",
)

CLAIMS = (
    Claim(
        id="gb-eq4-linear-regime",
        statement=(
            "At initialisation the units of a tanh network are in their linear regime, f'(s) ≈ 1."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 4"),
        quantity="mean_squared_slope.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth, for ≈: it is what a layer loses of the gradient's mean square.",
        departure="The mean square of f' of tanh, first layer; standard initialisation, pixels.",
        remark=(
            "linear-regime-standardised changes both; with either alone the band is left as well."
        ),
        control=TO_SIGMOID,
        derivation="glorot-linear-regime",
    ),
    tanh_network(
        id="linear-regime-standardised",
        statement=(
            "At initialisation the units of a tanh network are in their linear regime, f'(s) ≈ 1, "
            "also for standardised images and the paper's own weights."
        ),
        source=GLOROT_2010.at("section 4.2.1, equation 4"),
        quantity="mean_squared_slope.normalised_standardised",
        band=around(1.0, 0.1),
        reason="A tenth, for ≈: it is what a layer loses of the gradient's mean square.",
        departure=f"{STANDARDISED} The normalised initialisation, first layer.",
        remark="Preactivations near 1 lie on the bend of tanh (slope-of-each-image).",
    ),
    tanh_network(
        id="slope-of-each-image",
        statement=(
            "The mean square of the slope f' of tanh units is E[cosh⁻⁴(√q u)], averaged over each "
            "image's own q."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="slope_over_law.normalised_standardised",
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="Measured over law in the first layer; u is Gaussian, q is n Var W mean(x²).",
    ),
    Claim(
        id="gb-fig6-activation-histograms",
        statement=(
            "With the standard initialisation the peak at 0 of a tanh network's activations rises "
            "from layer to layer."
        ),
        source=GLOROT_2010.at(FIGURE_6.format("top")),
        quantity="last_over_first_activation.standard_pixels",
        prediction=NINTH,
        band=Band(0.8 * NINTH, 1.2 * NINTH),
        reason="A fifth about (1/√3)^4, which four layers leave in the linear regime.",
        departure=f"{SHAPESET} The deviation of the fifth layer over that of the first.",
        remark="The peak rises as the deviation falls, to the ninefold.",
        control=SWAP,
        derivation="glorot-eq5",
    ),
    Claim(
        id="gb-fig6-normalised",
        statement=(
            "With the normalised initialisation the activations of all layers of a tanh network "
            "are similar."
        ),
        source=GLOROT_2010.at(FIGURE_6.format("bottom")),
        quantity="last_over_first_activation.normalised_pixels",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{SHAPESET} The deviation of the fifth layer over that of the first.",
        remark="It falls, but by less; how far hangs on the images (fig6-standardised).",
        control=SWAP,
        derivation="glorot-eq5",
    ),
    tanh_network(
        id="fig6-standardised",
        statement=(
            "With the normalised initialisation the activations of all layers of a tanh network "
            "are similar for standardised images as well."
        ),
        source=GLOROT_2010.at(FIGURE_6.format("bottom")),
        quantity="last_over_first_activation.normalised_standardised",
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{STANDARDISED} The deviation of the fifth layer over that of the first.",
        remark="Outside the linear regime tanh shrinks them (activations-by-recursion).",
    ),
    tanh_network(
        id="activations-by-recursion",
        statement=(
            "The activations of a tanh network fall from layer to layer as q ↦ E[tanh²(√q u)] says."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="activation_over_law.normalised_standardised",
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="The ratio of the fifth layer's deviation to the first's, over the recursion's.",
    ),
    Claim(
        id="gb-fig7-backprop-histograms",
        statement=(
            "With the standard initialisation the gradients of a tanh network get smaller on their "
            "way down."
        ),
        source=GLOROT_2010.at(FIGURE_7.format("top")),
        quantity="first_over_last_gradient.standard_pixels",
        prediction=NINTH,
        band=Band(0.8 * NINTH, 1.2 * NINTH),
        reason="A fifth about (1/√3)^4, which four layers leave in the linear regime.",
        departure=f"{SHAPESET} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="Before training; how it goes on is another claim (gb-fig7-reverses-in-training).",
        control=SWAP,
        derivation="glorot-eq6",
    ),
    Claim(
        id="gb-fig7-normalised",
        statement=(
            "With the normalised initialisation the gradients of a tanh network do not get smaller "
            "on their way down."
        ),
        source=GLOROT_2010.at(FIGURE_7.format("bottom")),
        quantity="first_over_last_gradient.normalised_pixels",
        prediction=1.0,
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{SHAPESET} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="They fall, but by less; how far hangs on the images (fig7-standardised).",
        control=SWAP,
        derivation="glorot-eq6",
    ),
    tanh_network(
        id="fig7-standardised",
        statement=(
            "With the normalised initialisation the gradients of a tanh network do not get smaller "
            "on their way down for standardised images, either."
        ),
        source=GLOROT_2010.at(FIGURE_7.format("bottom")),
        quantity="first_over_last_gradient.normalised_standardised",
        band=Band(2 / 3, 3 / 2),
        reason=SIMILAR,
        departure=f"{STANDARDISED} The deviation of ∂C/∂s of the first layer over the fifth's.",
        remark="Each layer multiplies by the mean square of f' (gradients-by-recursion).",
    ),
    tanh_network(
        id="gradients-by-recursion",
        statement=(
            "Each layer of a tanh network multiplies the gradient's mean square by E[cosh⁻⁴(√q u)]."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="gradient_over_law.normalised_standardised",
        band=around(1.0, 0.05),
        reason=WIDE,
        departure=DEPTH,
        remark="The ratio of the first layer's deviation to the fifth's, over the recursion's.",
    ),
    Claim(
        id="gb-fig8-weight-gradients-equal",
        statement=(
            "Even when the back-propagated gradients become smaller, the weights' gradients are "
            "roughly constant across layers."
        ),
        source=GLOROT_2010.at("section 4.3, figure 8"),
        quantity="first_over_last_weight_gradient.standard_pixels",
        prediction=1.0,
        band=around(1.0, 0.1),
        reason="A tenth; the gradients that they are made of differ ninefold.",
        departure=f"{SHAPESET} The gradient of the mean loss; first over fifth hidden layer.",
        remark="What shrinks downwards and what shrinks upwards are its two factors.",
        control=TO_SIGMOID,
        derivation="glorot-eq14",
    ),
    Claim(
        id="gb-fig8-normalised",
        statement=(
            "With the normalised initialisation the weights' gradients have initially roughly the "
            "same magnitude in all layers."
        ),
        source=GLOROT_2010.at("section 4.3, on figure 9, “initially roughly the same magnitude”"),
        quantity="first_over_last_weight_gradient.normalised_pixels",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason="A quarter, for roughly: the first layer has another fan_in.",
        departure=f"{SHAPESET} The normalised initialisation, at the width of the settings.",
        remark="How they diverge in training is another claim (gb-fig9-divergence-standard).",
        control=TO_SIGMOID,
        derivation="glorot-eq14",
    ),
    Claim(
        id="sigmoid-gradients-vanish",
        statement="In a network of sigmoids the gradient falls by 1/√48 per layer on its way down.",
        source=THIS_STUDY.at(HERE.format("Equation 4, the linear regime")),
        quantity="log2_gradient_per_layer.unsymmetric",
        prediction=SIGMOID_STEP,
        band=around(SIGMOID_STEP, 0.1),
        reason="A tenth of a power of two: f' is 1/4 at 0, and less beside it.",
        departure=(
            "None: by how many powers of two the gradient's deviation changes per layer with the "
            "standard initialisation, before training."
        ),
        remark="Where f' is 1/4, a layer leaves 1/48 of the mean square, for tanh a third.",
        control=TO_TANH,
        derivation="glorot-linear-regime",
    ),
    Claim(
        id="sigmoid-weight-gradients-vanish",
        statement="In a network of sigmoids the weights' gradients fall by 1/√48 per layer.",
        source=THIS_STUDY.at(HERE.format("Why the weight gradients stay level")),
        quantity="log2_weight_gradient_per_layer.unsymmetric",
        prediction=SIGMOID_STEP,
        band=around(SIGMOID_STEP, 0.1),
        reason="A tenth of a power of two: f' is 1/4 at 0, and less beside it.",
        departure="None: from the last hidden layer to the second, for the loss of one image.",
        remark="Their activations are near 1/2 in every layer and make up for nothing.",
        control=TO_TANH,
        derivation="glorot-eq14",
    ),
)

UNTESTED = (
    Untested(
        id="gb-fig1-data",
        statement=(
            "Glorot and Bengio's figure 1 shows samples of Shapeset-3×2 and of Small-ImageNet, of "
            "32×32 and 37×37 pixels."
        ),
        source=GLOROT_2010.at("section 2, figure 1"),
        reason="It shows data, and claims nothing of them.",
        remark=(
            "Figures 2 to 11 of the paper are of Shapeset-3×2; this study has MNIST in its place, "
            "which the paper uses in figure 12 and table 1."
        ),
    ),
)
