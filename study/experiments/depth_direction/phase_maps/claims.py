"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import exp

from study.experiments.depth_direction.phase_maps.method import Arm, theory_factor
from study.record.claims import Band, Claim, NegativeControl, around, within
from study.theory import activations, mean_field, phases
from study.theory.sources import POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

SECTION = "chapter Order and chaos, section "
TANH, RELU = activations.activation("tanh"), activations.activation("relu")
INPUTS = (
    "Layers of finite width; inputs made of MNIST images so that any two have the same cosine, "
    "where the paper has other inputs."
)
FIVE = "Five per cent of the slope: the maps are for wide layers, and a finite width adds scatter."
LINE = "The slope of the line through the origin that fits the logarithms, measured on predicted"
RIGHT_ANGLES = NegativeControl("Take inputs at right angles.", {"starts.near": 1.0})
EDGE_AT = phases.critical_weight_variance(TANH, 0.05)
ORDERED = theory_factor(Arm("tanh", 1.4, 0.05))
DEFAULT = theory_factor(Arm("tanh", 1 / 3, 1 / 1536))
COSINE = mean_field.correlation_fixed_point(TANH, 2.5, 0.05)
KEPT = exp(-7 / phases.correlation_depth_scale(TANH, 2.5, 0.05))
GAP_LEFT = float(mean_field.gaps(RELU, 1.0, 1.0, 2.0, 0.0, 3)[-1])

ratio_to_law = partial(
    Claim,
    prediction=1.0,
    band=around(1.0, 0.05),
    reason=FIVE,
)

CLAIMS = (
    ratio_to_law(
        id="lengths-settle-at-the-fixed-point",
        statement=(
            "The second moment of a tanh network's preactivations settles at the fixed point of "
            "its map."
        ),
        source=POOLE_2016.at("section 2, the length map and its fixed point"),
        quantity="length_slope.tanh",
        departure=INPUTS,
        remark=f"{LINE} length in layer 28, over all tanh networks of the map.",
        control=NegativeControl("Read the first layer.", {"ranges.settled": 1}),
        derivation="derivation-length-map",
    ),
    Claim(
        id="order-and-chaos-by-chi",
        statement=(
            "In a tanh network inputs that are nearly alike come together where χ₁ < 1, apart "
            "where χ₁ > 1."
        ),
        source=POOLE_2016.at("section 3, the slope of the correlation map at 1"),
        quantity="phase_share.tanh",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent: less than one network of the map.",
        departure=INPUTS,
        remark="The share of tanh networks on the side predicted, but those nearest to the edge.",
        control=RIGHT_ANGLES,
        derivation="derivation-chi",
    ),
    ratio_to_law(
        id="nearby-inputs-grow-by-chi",
        statement=(
            "Each layer of a tanh network multiplies the gap of inputs that are nearly alike by χ₁."
        ),
        source=POOLE_2016.at("section 3, the slope of the correlation map at 1"),
        quantity="near_slope.tanh",
        departure=INPUTS,
        remark=f"{LINE} factor of the gap, over all tanh networks of the map.",
        control=RIGHT_ANGLES,
        derivation="derivation-chi",
    ),
    ratio_to_law(
        id="gradient-grows-by-chi",
        statement=(
            "The gradient of a tanh network vanishes in the ordered and explodes in the chaotic "
            "phase, by χ₁ per layer."
        ),
        source=SCHOENHOLZ_2017.at("abstract, “regions of vanishing and exploding gradient”"),
        quantity="gradient_slope.tanh",
        departure=f"{INPUTS} A random gradient enters at the top.",
        remark=f"{LINE} factor of the second moment, over all tanh networks of the map.",
        control=NegativeControl("Take layers of six units.", {"width": 6}),
        derivation="derivation-chi",
    ),
    Claim(
        id="edge-of-chaos-tanh",
        statement=(
            "For biases of variance 0.05 the edge of chaos of tanh networks lies at weights of "
            "variance 1.76 / fan_in."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The edge”"),
        quantity="edge.tanh",
        prediction=EDGE_AT,
        band=within(EDGE_AT, 0.05),
        reason="Five per cent: the spacing of the networks that are measured about the edge.",
        remark="Where the measured factors of the gap and of the gradient together pass 1.",
        control=RIGHT_ANGLES,
        derivation="derivation-edge",
    ),
    Claim(
        id="chaotic-fixed-cosine",
        statement=(
            "In the chaotic phase of tanh networks the cosine of any two inputs settles at one "
            "value below 1."
        ),
        source=POOLE_2016.at("section 3, the fixed points of the correlation map"),
        quantity="late_cosine.chaotic",
        prediction=COSINE,
        band=around(COSINE, 0.08),
        reason="Less than a quarter of the way from here to where either set of inputs begins.",
        departure=INPUTS,
        remark="The mean over inputs that begin at a cosine of 0 and of 0.8, from layer 28 on.",
        control=NegativeControl(
            "Take weights of 4 / fan_in.", {"arms.chaotic.weight_variance": 4.0}
        ),
        derivation="derivation-fixed-cosine",
    ),
    Claim(
        id="depth-scale-ordered",
        statement="In the ordered phase the depth scale of the correlation is −1/ln χ₁.",
        source=SCHOENHOLZ_2017.at("section 3, the depth scale of the correlation"),
        quantity="near_factor.ordered",
        prediction=ORDERED,
        band=within(ORDERED, 0.03),
        reason="Three per cent, a third of the distance to 1, where the scale would be infinite.",
        departure=INPUTS,
        remark="The factor of the gap of one layer, whose logarithm is minus one over the scale.",
        control=NegativeControl(
            "Go to the edge.", {"arms.ordered.weight_variance": 1.7609546396067}
        ),
        derivation="derivation-depth-scales",
    ),
    Claim(
        id="depth-scale-chaotic",
        statement=(
            "In the chaotic phase the depth scale of the correlation is −1/ln of the slope of the "
            "correlation map at its fixed point, not −1/ln χ₁."
        ),
        source=SCHOENHOLZ_2017.at("section 3, the depth scale of the correlation"),
        quantity="distance_kept.chaotic",
        prediction=KEPT,
        band=Band(exp(-7 / 9), exp(-7 / 18)),
        reason="Scales of 9 to 18 layers; predicted are 12, with χ₁ in place of the slope 8.",
        departure=INPUTS,
        remark=(
            "What the layers 4 to 10 leave of the difference between inputs that begin at right "
            "angles and at a cosine of 0.8: both come to the same cosine, from either side."
        ),
        control=NegativeControl(
            "Take weights of 4 / fan_in.", {"arms.chaotic.weight_variance": 4.0}
        ),
        derivation="derivation-depth-scales",
    ),
    Claim(
        id="relu-edge-ignores-biases",
        statement=(
            "For ReLU the gradient is kept at weights of variance 2 / fan_in, whatever the biases."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The map of ReLU”"),
        quantity="gradient_factor.relu_edge",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason="Three per cent: the law holds in expectation at any width.",
        remark="With biases of variance 0.3.",
        control=NegativeControl(
            "Take weights of 1.8 / fan_in.", {"arms.relu_edge.weight_variance": 1.8}
        ),
        derivation="derivation-relu-map",
    ),
    Claim(
        id="relu-is-never-chaotic",
        statement=(
            "Above the edge of its gradient a ReLU network still brings inputs together, as at any "
            "weights."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The map of ReLU”"),
        quantity="gap_left.relu_above",
        prediction=GAP_LEFT,
        band=within(GAP_LEFT, 0.15),
        reason="Fifteen per cent: the law is for wide layers; without a ReLU the gap would stay 1.",
        remark=(
            "The gap in layer 3 of inputs at right angles, with weights of 2.5 / fan_in and no "
            "biases. The gradient explodes there; the phase called chaotic by χ₁ has no chaos."
        ),
        control=NegativeControl("Take the ReLU away.", {"arms.relu_above.activation": "linear"}),
        derivation="derivation-relu-map",
    ),
    Claim(
        id="torch-default-tanh-ordered",
        statement=(
            "With torch's own weights a tanh network is ordered: its χ₁ is about a third, where "
            "the edge has 1."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Places on the map”"),
        quantity="gradient_factor.torch_default",
        prediction=DEFAULT,
        band=within(DEFAULT, 0.03),
        reason="Three per cent: the law is for wide layers, and no other recipe comes near.",
        remark="Gaussian weights and biases of the variances of nn.Linear at a width of 512.",
        control=NegativeControl(
            "Take Glorot's weights.", {"arms.torch_default.weight_variance": 1.0}
        ),
        derivation="derivation-places",
    ),
)
