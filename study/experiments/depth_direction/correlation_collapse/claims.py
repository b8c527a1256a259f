"""What is claimed, what it predicts, and what must not agree."""

from study.experiments.depth_direction.correlation_collapse.method import EDGE_BIAS, TANH
from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Verdict,
    Withdrawn,
    around,
    within,
)
from study.theory.direction import leaky_share
from study.theory.mean_field import gradient_factor, length_fixed_point
from study.theory.sources import CHO_SAUL_2009, POOLE_2016, SCHOENHOLZ_2017, THIS_STUDY

SECTION = "chapter Depth 1000, direction, section "
SECTION_OF_IMAGES = (
    "chapter The variance across images, section “The variance across images goes with the gap”"
)
DIGITS = "Ten MNIST images, one of each digit, scaled to one length; layers of finite width."
WIDE_LAW = "the law is for wide layers, where a network has no scatter of its own"
ACTIVATION = "Take the activation away."
ORDERED_LENGTH = length_fixed_point(TANH, 1.0, EDGE_BIAS)
ORDERED = gradient_factor(TANH, ORDERED_LENGTH, 1.0)
CHAOTIC = gradient_factor(TANH, length_fixed_point(TANH, 25 / 9, 0.0), 25 / 9)
SHARE = leaky_share(0.25)
# What the maps leave, after 30 layers, of the first MNIST image of each digit.
LEFT_BY_RELU, LEFT_BY_CHAOS = 0.02373, 0.02731
LINEAR_OVER_MAP, RELU_KEEPS = 3.06, 0.234

CLAIMS = (
    Claim(
        id="correlation-map-relu",
        kind=Kind.LAW,
        statement="A ReLU layer maps the cosine of two inputs by the arc-cosine kernel.",
        source=CHO_SAUL_2009.at("section 2, the arc-cosine kernel of degree n = 1"),
        quantity="gap_over_map.relu",
        measured_as=(
            "The mean of the gap, 1 minus the cosine, over all pairs of ten images after five "
            "layers, over what the map makes of it; a ratio, the mean over draws of the "
            "weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; without the kernel the gap would be three times it.",
        departure=DIGITS,
        remark=(
            "The mean gap, 1 minus the cosine, after five layers, over the mean of what the map "
            "makes of the gap of each of the 45 pairs of images."
        ),
        control=NegativeControl(ACTIVATION, {"arms.relu.activation": "linear"}),
        rival=Rival(
            "A layer keeps the cosine, as one without an activation does.", LINEAR_OVER_MAP
        ),
        derivation="derivation-arc-cosine",
    ),
    Claim(
        id="correlation-collapse-rate",
        kind=Kind.LAW,
        statement=(
            "In a wide ReLU network one over the angle between two images grows from layer to "
            "layer as in the arc-cosine map, in the limit of which the gap falls as 9π²/(2L²) "
            "with the depth L."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The angle falls as one over the depth”"),
        quantity="inverse_angle_growth_over_map.relu",
        measured_as=(
            "By how much one over the angle between images grows per layer, from layer 4 to "
            "layer 20, over how much it grows in the map between the same layers; a ratio, "
            "the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: a finite width adds some hundredths, and networks scatter. A slope of 1/4 "
            "does half of it, no activation nothing, and an exponential would grow with depth."
        ),
        departure=(
            "What is tested is that the networks follow the map. The law 9π²/(2L²) is the "
            "limit of the map for many layers: at the depth measured the map is on its way "
            "there, and the gap itself is about half of the law."
        ),
        remark=(
            "In terms of the angle: each layer adds 1/(3π) to one over the angle, and a little "
            "more while the angle is large. What a layer adds is divided by what it adds in the "
            "map itself, between the same layers."
        ),
        control=NegativeControl(
            "Take a leaky ReLU of slope 1/4.",
            {"arms.relu.activation": "leaky_relu", "arms.relu.slope": 0.25},
        ),
        rival=Rival("The angle closes as under a leaky ReLU of slope 1/4.", SHARE),
        derivation="derivation-power-law",
    ),
    Claim(
        id="collapse-reaches-its-power-law",
        kind=Kind.LAW,
        statement=(
            "In layers 30 to 60 of a wide ReLU network each layer adds 1/(3π) to one over the "
            "angle between two images, so that the gap falls as 9π²/(2L²) with the depth L."
        ),
        source=THIS_STUDY.at(f"{SECTION}“The angle falls as one over the depth”"),
        quantity="inverse_angle_growth_over_law.deep",
        measured_as=(
            "By how much one over the angle between images grows per layer, from layer 30 to "
            "layer 60, over 1/(3π); a ratio, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.2),
        reason=(
            "A fifth: in these layers the map itself is three per cent above its law, a finite "
            "width adds some hundredths, and networks scatter by a quarter. A slope of 1/4 does "
            "half of it, no activation nothing."
        ),
        departure=(
            "Thirty MNIST images, scaled to one length, and layers of 2,048 units. With less "
            "width the scatter of networks hides the law before they have come to it."
        ),
        remark=(
            "The law itself, and not the map: correlation-collapse-rate compares with the map, in "
            "the layers 4 to 20, where each layer still adds a tenth more. At the depth read here "
            "the gap is 0.7 of the law, since the first layers count for it, too."
        ),
        control=NegativeControl("Take a leaky ReLU of slope 1/4.", {"deep.slope": 0.25}),
        rival=Rival("The angle closes as under a leaky ReLU of slope 1/4.", SHARE),
        derivation="derivation-power-law",
    ),
    Claim(
        id="collapse-leaky-slope",
        kind=Kind.LAW,
        statement=(
            "A leaky ReLU of slope a does (1 − a)²/(1 + a²) of what a ReLU does to the gap between "
            "two images."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A slope slows the collapse”"),
        quantity="first_fall_over_relu.leaky",
        measured_as=(
            "How far the gap, 1 minus the cosine, falls in the first layer of a leaky ReLU, "
            "over how far it falls under a ReLU with the same weights; a ratio over all pairs "
            "of ten images, the mean over draws of the weights."
        ),
        prediction=SHARE,
        band=around(SHARE, 0.1),
        reason="A tenth of what a ReLU does: both share their weights, so little scatter is left.",
        remark=(
            "The fall of the gap in the first layer over that of a ReLU, at a slope of 1/4. "
            "These draws cannot tell the law from (1 − a)², which is 0.5625."
        ),
        control=NegativeControl("Take the slope 3/4.", {"arms.leaky.slope": 0.75}),
        rival=Rival("A leaky ReLU does 1 − a of what a ReLU does.", 0.75),
        derivation="derivation-leaky-collapse",
    ),
    Claim(
        id="shift-same-correlation-map",
        kind=Kind.IDENTITY,
        statement=(
            "At the length at which the signal of a ReLU less 1/2 settles, the shift drops "
            "out of the cosine: two images come to be alike as under a plain ReLU."
        ),
        source=THIS_STUDY.at(f"{SECTION}“A shift changes nothing”"),
        quantity="gap_over_map.shifted",
        measured_as=(
            "The mean of the gap, 1 minus the cosine, over all pairs of ten images after five "
            "layers of a shifted ReLU, over what the map of the plain one makes of it; a "
            "ratio, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.15),
        reason=f"Fifteen per cent: {WIDE_LAW}; as for the ReLU itself.",
        departure="The shift is scaled to the images instead of waiting until they settle at it.",
        remark=(
            "By algebra: at this length the shift is twice the mean of the ReLU, and the map "
            "of the cosine is that of the plain ReLU, of which correlation-map-relu is the "
            "measurement. So the shift does not cure the collapse; before the signal has "
            "settled it does something to the cosine."
        ),
        control=NegativeControl("Take a shift of 0.5 at this length.", {"arms.shifted.shift": 0.5}),
        derivation="derivation-shift-direction",
    ),
    Claim(
        id="variance-across-images-vanishes",
        kind=Kind.LAW,
        statement=(
            "While Kaiming's initialisation keeps the second moment of a ReLU network, the "
            "variance of a unit across images goes to 0, but for a difference of norms."
        ),
        source=THIS_STUDY.at(SECTION_OF_IMAGES),
        quantity="direction_share.relu",
        measured_as=(
            "The variance of a unit across ten images of one length, as a share of its second "
            "moment, after 30 layers; a number between 0 and 1, the mean over units and over "
            "draws of the weights."
        ),
        prediction=LEFT_BY_RELU,
        band=within(LEFT_BY_RELU, 0.25),
        reason=(
            "A quarter: the map is for wide layers, and a finite width adds some hundredths; "
            "a slope of 1/4 leaves two and a half times as much. The prediction was 0 before, "
            "with a band that the map's own number was well inside of."
        ),
        remark=(
            "The prediction is what the arc-cosine map leaves of these images, 0.9 times the "
            "mean gap. With the lengths as they are the share settles above 0: what is left "
            "differs in size, and in nothing else."
        ),
        control=NegativeControl(
            "Take a leaky ReLU of slope 1/10.",
            {"arms.relu.activation": "leaky_relu", "arms.relu.slope": 0.1},
        ),
        rival=Rival("The variance goes as under a leaky ReLU of slope 1/4.", 0.0594),
        derivation="derivation-image-variance",
    ),
    Claim(
        id="variance-across-images-is-the-gap",
        kind=Kind.IDENTITY,
        statement=(
            "Where images have equal norms, the variance of a unit across images, as a share of "
            "its second moment, is the mean gap between them, one less their cosine."
        ),
        source=THIS_STUDY.at(SECTION_OF_IMAGES),
        quantity="image_share_over_gap.shifted",
        measured_as=(
            "The variance of a unit across ten images as a share of its second moment, times "
            "10/9, over the mean gap, 1 minus the cosine, between them, after 30 layers; a "
            "ratio, the mean over draws of the weights."
        ),
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
        kind=Kind.LAW,
        statement="Wide layers without an activation keep the cosine of two images.",
        source=THIS_STUDY.at(
            "chapter Directions in a narrow network, section “Without an activation the angle "
            "closes all the same”"
        ),
        quantity="gap_kept.linear",
        measured_as=(
            "The mean of the gap, 1 minus the cosine, over all pairs of ten images after "
            "layer 30, over that after layer 10; a ratio, the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.2),
        reason="A fifth: a finite width lets the cosine wander; a ReLU leaves a quarter.",
        remark="The gap after layer 30 over that after layer 10.",
        control=NegativeControl("Put a ReLU in.", {"arms.linear.activation": "relu"}),
        rival=Rival("The gap falls as in the arc-cosine map of a ReLU.", RELU_KEEPS),
        derivation="derivation-finite-width-direction",
    ),
    Claim(
        id="tanh-gain-one-keeps-the-cosine",
        kind=Kind.LAW,
        statement=(
            "With gain 1 and no biases the signal of a tanh network fades, but the cosine of two "
            "images stays."
        ),
        source=THIS_STUDY.at("chapter Order and chaos, section “The slope of the map”"),
        quantity="gap_kept.tanh_one",
        measured_as=(
            "The mean of the gap, 1 minus the cosine, over all pairs of ten images after "
            "layer 30, over that after layer 10; a ratio, the mean over draws of the weights."
        ),
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
        rival=Rival("The gap falls as one over the depth.", 10 / 30),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-edge-collapse",
        kind=Kind.LAW,
        statement=(
            "On the edge of chaos one over the gap between two images in a tanh network grows "
            "from layer to layer as in the map of wide layers, in the limit of which the gap "
            "falls as one over the depth."
        ),
        source=THIS_STUDY.at("chapter Order and chaos, section “The slope of the map”"),
        quantity="inverse_gap_growth_over_map.tanh_critical",
        measured_as=(
            "By how much one over the gap, 1 minus the cosine, grows per layer, from layer 10 "
            "to layer 30, over how much it grows in the map between the same layers; a ratio, "
            "the mean over draws of the weights."
        ),
        prediction=1.0,
        band=around(1.0, 0.25),
        reason=(
            "A quarter: for what a finite width adds, and for the scatter of networks; off the "
            "edge it would be 0 or a thousand times this."
        ),
        departure=(
            "What is tested is that the networks follow the map, which is still a tenth short "
            "of its limit here. Biases of variance 0.05, for which the edge lies at a gain of "
            "1.327."
        ),
        remark=(
            "In the map the growth per layer comes to a constant, so the gap falls as one "
            "over the depth."
        ),
        control=NegativeControl("Take the gain 1.", {"arms.tanh_critical.weight_variance": 1.0}),
        rival=Rival("On the edge the cosine stays as it is.", 0.0),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-ordered-collapse",
        kind=Kind.LAW,
        statement=(
            "In the ordered phase of a tanh network the gap between two images falls by the "
            "gradient factor in each layer."
        ),
        source=SCHOENHOLZ_2017.at(
            "section 3, the depth scale of the correlation, which in the ordered phase is −1/ln χ₁"
        ),
        quantity="gap_factor.tanh_ordered",
        measured_as=(
            "The factor per layer by which the gap, 1 minus the cosine, between ten images "
            "changes from layer 10 to layer 30; a number, the mean over draws of the weights."
        ),
        prediction=ORDERED,
        band=within(ORDERED, 0.03),
        reason="Three per cent: a finite width n adds about 1/n to a rate, and scatter.",
        departure="Gain 1 and biases of variance 0.05; the factor at the fixed length.",
        remark="Between the layers 10 and 30.",
        control=NegativeControl(
            "Take the gain 5/3.", {"arms.tanh_ordered.weight_variance": 25 / 9}
        ),
        rival=Rival("The gap falls by the root of the gradient factor.", ORDERED**0.5),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-gain-five-thirds-chaotic",
        kind=Kind.LAW,
        statement=(
            "The gain 5/3 of tanh lies in the chaotic phase: two images that are near come apart."
        ),
        source=THIS_STUDY.at("chapter Order and chaos, section “The slope of the map”"),
        quantity="near_gap_factor.tanh_chaotic",
        measured_as=(
            "The factor per layer by which the gap, 1 minus the cosine, between two inputs "
            "that differ by a millionth changes from layer 10 to layer 30; a number, the mean "
            "over draws of the weights."
        ),
        prediction=CHAOTIC,
        band=within(CHAOTIC, 0.04),
        reason="Four per cent, a fifth of what the factor is above 1.",
        remark=(
            "It is the factor of the gradient, too (tanh-gradient-five-thirds). The phases "
            "are those of Poole et al. (2016). torch's calculate_gain recommends 5/3 and "
            "names no phase."
        ),
        control=NegativeControl("Take the gain 3/2.", {"arms.tanh_chaotic.weight_variance": 2.25}),
        rival=Rival("The gain keeps near inputs as near as they are.", 1.0),
        withdrawn=Withdrawn(
            verdict=Verdict.HOLDS,
            quantity="near_gap_factor.tanh_chaotic",
            band=within(CHAOTIC, 0.04),
            why=(
                "It was charged to PyTorch, whose documentation recommends the gain and "
                "says nothing of phases."
            ),
        ),
        derivation="derivation-smooth",
    ),
    Claim(
        id="tanh-chaotic-forgets",
        kind=Kind.LAW,
        statement=(
            "In the chaotic phase of a tanh network the cosine of two images goes to a value below "
            "1."
        ),
        source=POOLE_2016.at("section 3, the fixed points of the correlation map"),
        quantity="last_cosine.tanh_chaotic",
        measured_as=(
            "The mean cosine over all pairs of ten images after 30 layers; a number, the mean "
            "over draws of the weights."
        ),
        prediction=LEFT_BY_CHAOS,
        band=around(LEFT_BY_CHAOS, 0.03),
        reason=(
            "Three hundredths: a finite width and the draws; gain 1 leaves a quarter. The "
            "prediction was 0 before, in the limit, with a band of a tenth."
        ),
        departure="Without biases, where the value is 0: tanh is odd.",
        remark=(
            "The prediction is what the map leaves of these images. So far and near images "
            "end equally far apart, and what was similar is forgotten."
        ),
        control=NegativeControl(
            "Take biases of variance 0.05.", {"arms.tanh_chaotic.bias_variance": 0.05}
        ),
        rival=Rival(
            "It goes to the fixed cosine of weights of 2.5/n and biases of variance 0.05.",
            0.447,
        ),
        derivation="derivation-smooth",
    ),
)
