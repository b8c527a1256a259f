"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Band, Claim, NegativeControl, Untested, around
from study.theory.sources import HE_2015, PYTORCH, THIS_STUDY

CHAPTER = "chapter fan_in or fan_out"
TELESCOPE, BOTH, WEIGHTS = "derivation-telescope", "derivation-both-ways", "derivation-weights"
HEAD = "A dense network of 784 inputs, four layers of 1000 units and 10 outputs, on MNIST."
RANDOM_TOP = "A random gradient enters at the top."
PROPERLY = Band(1 / 20, 20.0)
PROPERLY_REASON = (
    "The paper gives no number for “properly scaled”. Twenty times too large or too small, in "
    "second moments, is wide enough for its own 64 channels at one end and 1000 classes."
)
FEW_CLASSES = (
    "Twenty per cent: the last layer has ten units, so a draw has few independent values; another "
    "mode is off by a power of the ratio of the widths."
)
TEN_PER_CENT = "Ten per cent, for the draws; narrow layers spread. Another mode is far outside."
NO_DEPARTURE = "None: a statement about such networks, with a random gradient at the top."
ONE_NUMBER = "The three claims on weight gradients are one measurement with three verdicts."
AS_WIDE_AS_THE_REST = NegativeControl(
    "Make the last layer as wide as the others of the reference.", {"networks.head.last": 1000}
)

ratio_to_law = partial(
    Claim,
    prediction=1.0,
    band=around(1.0, 0.2),
    reason=FEW_CLASSES,
)

CLAIMS = (
    Claim(
        id="he-sufficiency",
        statement=(
            "If weights of variance 2/fan_out scale the gradient properly, they scale the signal "
            "properly, too."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “sufficient to use either” of equations 10 and 14"
        ),
        quantity="forward.head_fan_out",
        prediction=1.0,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=f"{HEAD} The paper's networks have 1000 classes, after 64 channels or more.",
        remark=(
            "The paper's argument is right (he-sufficiency-telescopes): over any depth only the "
            "first and the last width count. But ten outputs are a hundredth of the first width, "
            "and the logits start nine times as large as with 2/fan_in (modes-are-one-function)."
        ),
        control=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    Claim(
        id="he-sufficiency-backward",
        statement=(
            "If weights of variance 2/fan_in scale the signal properly, they scale the gradient "
            "properly, too."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, “and vice versa”"),
        quantity="backward.head_fan_in",
        prediction=1.0,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=f"{HEAD} {RANDOM_TOP}",
        remark=(
            "The gradient reaches the first layer with a hundredth of its second moment. It is "
            "spread over a hundred times as many units: the sum of its squares is kept."
        ),
        control=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    ratio_to_law(
        id="he-sufficiency-telescopes",
        statement=(
            "With weights of variance 2/fan_out, the signal changes from the first layer to the "
            "last by the ratio of their widths, whatever lies between."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, the product equal to c₂/d_L"),
        quantity="forward_over_ends.head_fan_out",
        departure=HEAD,
        remark=(
            "The factor over that ratio; the precise form of he-sufficiency. For convolutions with "
            "kernels of any sizes it is that of channels, times the places of a flattened map."
        ),
        control=NegativeControl("Drop the factor 2.", {"modes.fan_out.weight_variance": 1.0}),
        derivation=TELESCOPE,
    ),
    Claim(
        id="sufficiency-of-the-ends",
        statement=(
            "Weights of variance 2/fan_out are sufficient for the ends of a network alone: in "
            "layers of alternating width the signal swings by the ratio of the widths, here 16."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “The telescope”"),
        quantity="swing.alternating_fan_out",
        prediction=16.0,
        band=around(16.0, 1.6),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark="With 2/fan_in it is the gradient that swings, by the same factor.",
        control=NegativeControl("Divide by fan_in.", {"modes.fan_out.fan": "fan_in"}),
        derivation=TELESCOPE,
    ),
    ratio_to_law(
        id="no-variance-keeps-both",
        statement=(
            "Whatever the variances of its weights, a ReLU network's factor of the signal over "
            "that of the gradient is the first width over the last."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Both ways at once”"),
        quantity="directions_over_ends.head_average",
        departure=NO_DEPARTURE,
        remark=(
            "The quotient over the ratio of the widths, measured with the average of the fans. It "
            "needs an activation that treats signal and gradient alike, as a ReLU does."
        ),
        control=NegativeControl("Replace the ReLU by tanh.", {"modes.average.activation": "tanh"}),
        derivation=BOTH,
    ),
    Claim(
        id="average-loses-both-ways",
        statement=(
            "With a weight variance divided by the average of the fans, signal and gradient both "
            "shrink wherever widths change: over a pair of layers of widths 16 to 1, by 64/289 "
            "each."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Both ways at once”"),
        quantity="two_layers.alternating_average",
        prediction=64 / 289,
        band=around(64 / 289, 6.4 / 289),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark=(
            "The mean of both directions. Neither fan nor their geometric mean loses anything over "
            "such a pair; the average loses exponentially in their number."
        ),
        control=NegativeControl("Divide by fan_in.", {"modes.average.fan": "fan_in"}),
        derivation=BOTH,
    ),
    ratio_to_law(
        id="fan-in-weight-gradients",
        statement=(
            "With weights of variance 2/fan_in, the second moment of a weight gradient is inverse "
            "to the layer's fan_out."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_times_fan_out.head_fan_in",
        departure=NO_DEPARTURE,
        remark=f"Of the last layer over the first, times the ratio of their fan_out. {ONE_NUMBER}",
        control=NegativeControl("Divide by fan_out.", {"modes.fan_in.fan": "fan_out"}),
        derivation=WEIGHTS,
    ),
    ratio_to_law(
        id="fan-out-weight-gradients",
        statement=(
            "With weights of variance 2/fan_out, the second moment of a weight gradient is inverse "
            "to the layer's fan_in, and so nearly the same in a network with a narrow head."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_times_fan_in.head_fan_out",
        departure=NO_DEPARTURE,
        remark=f"Of the last layer over the first, times the ratio of their fan_in. {ONE_NUMBER}",
        control=NegativeControl("Divide by fan_in.", {"modes.fan_out.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    ratio_to_law(
        id="geometric-mean-weight-gradients",
        statement=(
            "With weights of variance 2/√(fan_in · fan_out), the second moment of a weight "
            "gradient over the variance of the weight is the same in every layer."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “Weight gradients”"),
        quantity="weight_gradient_over_variance.head_geometric",
        departure=NO_DEPARTURE,
        remark=(
            "Of the last layer over the first. No other variances do this in every network; with "
            "either fan alone the quotient changes by the ratio of the two fans. " + ONE_NUMBER
        ),
        control=NegativeControl("Divide by fan_in.", {"modes.geometric.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    Claim(
        id="torch-fan-doc-note",
        statement="Who computes x @ w must pass w.T to kaiming_normal_ for fan_in to be fan_in.",
        source=PYTORCH.at("torch.nn.init.kaiming_normal_, the note, “pass in a transposed weight”"),
        quantity="inputs_times_variance.matrix",
        prediction=2.0,
        band=around(2.0, 0.04),
        reason="Two per cent, for the draws; without the transpose it is 31.",
        departure="None: torch's own function, on the lesson note's matrix of 784 by 50.",
        remark="The same law as with fan_out on w itself (s002-kaiming-normal-fan-out-same).",
        control=NegativeControl("Pass w itself.", {"matrix.transposed": False}),
        derivation="derivation-layout",
    ),
)

UNTESTED = (
    Untested(
        id="he-backward-first-layer-skipped",
        statement=(
            "The gradient with respect to the image is not needed, yet He's equation 14 may be "
            "used in the first layer as well, for a single layer does not make a product large."
        ),
        source=HE_2015.at("section 2.2, text after equation 14, “we need not compute”"),
        reason="A choice of convenience; the paper gives no number for a single factor.",
        remark=(
            "It multiplies all second moments by the number of pixels over the first width, once: "
            "little with a first layer of 1000 units, more than 24 with one of 32."
        ),
        derivation=TELESCOPE,
    ),
)
