"""What is claimed, what it predicts, and what must not agree."""

from study.experiments.depth_direction.correlation_collapse.method import EDGE_BIAS, TANH
from study.record.claims import Claim, NegativeControl, around, within
from study.theory.direction import leaky_share
from study.theory.mean_field import gradient_factor, length_fixed_point
from study.theory.sources import CHO_SAUL_2009, POOLE_2016, PYTORCH, SCHOENHOLZ_2017, THIS_STUDY

SECTION = "chapter Depth 1000, direction, section "
DIGITS = "Ten MNIST images, one of each digit, scaled to one length; layers of finite width."
WIDE_LAW = "the law is for wide layers, where a network has no scatter of its own"
ACTIVATION = "Take the activation away."
ORDERED_LENGTH = length_fixed_point(TANH, 1.0, EDGE_BIAS)
ORDERED = gradient_factor(TANH, ORDERED_LENGTH, 1.0)
CHAOTIC = gradient_factor(TANH, length_fixed_point(TANH, 25 / 9, 0.0), 25 / 9)
SHARE = leaky_share(0.25)

CLAIMS = (
    Claim(
        id="correlation-map-relu",
        statement="A ReLU layer maps the cosine of two inputs by the arc-cosine kernel.",
        source=CHO_SAUL_2009.at("section 2, the arc-cosine kernel of degree n = 1"),
        quantity="gap_over_map.relu",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; without the kernel the gap would be three times it.",
        departure=DIGITS,
        remark=(
            "The mean gap, 1 minus the cosine, after five layers, over the mean of what the map "
            "makes of the gap of each of the 45 pairs of images."
        ),
        control=NegativeControl(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-arc-cosine",
    ),
    Claim(
        id="correlation-collapse-rate",
        statement=(
            "In a ReLU network two images approach each other: the gap, one less their cosine, "
            "falls as 9π²/(2L²) with the depth L."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A power law”"),
        quantity="inverse_angle_growth_over_map.relu",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: a finite width adds some hundredths, and networks scatter. A slope of 1/4 "
            "does half of it, no activation nothing, and an exponential would grow with depth."
        ),
        departure=(
            "The law is the limit of the map for many layers. At the depth measured the map is on "
            "its way there, and the gap itself is about half of the law."
        ),
        remark=(
            "In terms of the angle: each layer adds 1/(3π) to one over the angle, and a little "
            "more while the angle is large. What a layer adds is divided by what it adds in the "
            "map itself, between the same layers."
        ),
        control=NegativeControl(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-power-law",
    ),
    Claim(
        id="collapse-leaky-slope",
        statement=(
            "A leaky ReLU of slope a does (1 − a)²/(1 + a²) of what a ReLU does to the gap between "
            "two images."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A leaky slope”"),
        quantity="first_fall_over_relu.leaky",
        prediction=SHARE,
        band=around(SHARE, 0.1),
        reason="A tenth of what a ReLU does: both share their weights, so little scatter is left.",
        remark="The fall of the gap in the first layer over that of a ReLU, at a slope of 1/4.",
        control=NegativeControl("Take the slope 3/4.", {"arms.leaky.slope": 0.75}),
        derivation="derivation-leaky-collapse",
    ),
    Claim(
        id="shift-same-correlation-map",
        statement=(
            "Subtracting 1/2 after the ReLU does not cure the collapse, in which two images come "
            "to be alike with the depth."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A shift”"),
        quantity="gap_over_map.shifted",
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; as for the ReLU itself.",
        departure="The shift is scaled to the images instead of waiting until they settle at it.",
        remark=(
            "At the length at which the shifted signal settles, the shift drops out of the cosine: "
            "the map is that of the plain ReLU."
        ),
        control=NegativeControl("Take a shift of 0.5 at this length.", {"arms.shifted.shift": 0.5}),
        derivation="derivation-shift-direction",
    ),
    Claim(
        id="variance-across-images-vanishes",
        statement=(
            "While Kaiming's initialisation keeps the second moment of a ReLU network, the "
            "variance of a unit across images goes to 0, but for a difference of norms."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Why the variance goes”"),
        quantity="direction_share.relu",
        prediction=0.0,
        band=around(0.0, 0.04),
        reason=(
            "A twenty-fifth: after 30 layers the map leaves a fiftieth, where the images "
            "themselves have two thirds; a slope of 1/4 would leave a fifteenth."
        ),
        remark=(
            "The variance across ten images as a share of the second moment, with every image "
            "scaled to one length. With the lengths as they are it settles above 0: what is left "
            "differs in size, and in nothing else."
        ),
        control=NegativeControl(ACTIVATION, {"arms.relu.activation": "linear"}),
        derivation="derivation-image-variance",
    ),
    Claim(
        id="variance-across-images-is-the-gap",
        statement=(
            "Where images have equal norms, the variance of a unit across images, as a share of "
            "its second moment, is the mean gap between them, one less their cosine."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Why the variance goes”"),
        quantity="image_share_over_gap.shifted",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="Five per cent: the lengths settle at one value only as far as the width allows.",
        departure="A shifted ReLU, which holds the length; that of a ReLU drifts by image.",
        remark="The share times 10/9, for ten images, over the gap, after 30 layers.",
        control=NegativeControl("Take the shift away.", {"arms.shifted.shift": 0.0}),
        derivation="derivation-image-variance",
    ),
    Claim(
        id="linear-keeps-the-cosine",
        statement="Wide layers without an activation keep the cosine of two images.",
        source=THIS_STUDY.at(f"{SECTION}“What a finite width adds”"),
        quantity="gap_kept.linear",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth: a finite width lets the cosine wander; a ReLU leaves a quarter.",
        remark="The gap after layer 30 over that after layer 10.",
        control=NegativeControl("Put a ReLU in.", {"arms.linear.activation": "relu"}),
        derivation="derivation-finite-width-direction",
    ),
    Claim(
        id="tanh-gain-one-keeps-the-cosine",
        statement=(
            "With gain 1 and no biases the signal of a tanh network fades, but the cosine of two "
            "images stays."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Smooth activations”"),
        quantity="gap_kept.tanh_one",
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: a finite width lets the cosine wander; what tanh adds in layers 11 to 30 is "
            "below one per cent."
        ),
        remark="The gap after layer 30 over that after layer 10.",
        control=NegativeControl(
            "Add biases of variance 0.05.", {"arms.tanh_one.bias_variance": EDGE_BIAS}
        ),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-edge-collapse",
        statement=(
            "On the edge of chaos the gap between two images in a network of smooth units falls as "
            "one over the depth."
        ),
        source=THIS_STUDY.at(f"{SECTION}“Smooth activations”"),
        quantity="inverse_gap_growth_over_map.tanh_critical",
        prediction=1.0,
        band=around(1.0, 0.25),
        reason=(
            "A quarter: for what a finite width adds, and for the scatter of networks; off the "
            "edge it would be 0 or a thousand times this."
        ),
        departure="Biases of variance 0.05, for which the edge lies at a gain of 1.327.",
        remark=(
            "By how much one over the gap grows per layer, divided by its growth in the map of "
            "wide layers, which is still a tenth short of its limit here."
        ),
        control=NegativeControl("Take the gain 1.", {"arms.tanh_critical.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-ordered-collapse",
        statement=(
            "In the ordered phase of a tanh network the gap between two images falls by the "
            "gradient factor in each layer."
        ),
        source=SCHOENHOLZ_2017.at("section 3, the correlation map near its fixed point"),
        quantity="gap_factor.tanh_ordered",
        prediction=ORDERED,
        band=within(ORDERED, 0.03),
        reason="Three per cent: a finite width n adds about 1/n to a rate, and scatter.",
        departure="Gain 1 and biases of variance 0.05; the factor at the fixed length.",
        remark="Between the layers 10 and 30.",
        control=NegativeControl(
            "Take the gain 5/3.", {"arms.tanh_ordered.weight_variance": 25 / 9}
        ),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-gain-five-thirds-chaotic",
        statement=(
            "The gain 5/3 of tanh lies in the chaotic phase: two images that are near come apart."
        ),
        source=PYTORCH.at("torch.nn.init.calculate_gain, the value for tanh"),
        quantity="near_gap_factor.tanh_chaotic",
        prediction=CHAOTIC,
        band=within(CHAOTIC, 0.04),
        reason="Four per cent, a fifth of what the factor is above 1.",
        departure="torch recommends the gain and names no phase; Poole et al. define the phases.",
        remark=(
            "The factor per layer of the gap of two inputs that differ by a millionth. It is the "
            "factor of the gradient, too (tanh-gradient-five-thirds)."
        ),
        control=NegativeControl("Take the gain 1.", {"arms.tanh_chaotic.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-chaotic-forgets",
        statement=(
            "In the chaotic phase of a tanh network the cosine of two images goes to a value below "
            "1."
        ),
        source=POOLE_2016.at("section 3, the fixed points of the correlation map"),
        quantity="last_cosine.tanh_chaotic",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason="A tenth: after 30 layers the law leaves 0.03 of it; gain 1 leaves a quarter.",
        departure="Without biases, where the value is 0: tanh is odd.",
        remark="So far and near images end equally far apart, and what was similar is forgotten.",
        control=NegativeControl("Take the gain 1.", {"arms.tanh_chaotic.weight_variance": 1.0}),
        derivation="derivation-smooth",
    ),
)
