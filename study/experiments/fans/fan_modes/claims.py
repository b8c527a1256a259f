"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import (
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Reading,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
)
from study.theory.sources import HE_2015, PYTORCH, THIS_STUDY

CHAPTER = "chapter fan_in or fan_out"
SECTION_OF_WEIGHTS = (
    "chapter How fast each layer learns, section “Each fan levels the weight gradients against "
    "the other”"
)
TELESCOPE, BOTH, WEIGHTS = "derivation-telescope", "derivation-both-ways", "derivation-weights"
HEAD = "A dense network of 784 inputs, four layers of 1000 units and 10 outputs, on MNIST."
RANDOM_TOP = "A random gradient enters at the top."
PROPERLY = Band(1 / 20, 20.0)
PROPERLY_REASON = (
    "The paper gives no number for “properly scaled”. Twenty times too large or too small, in "
    "second moments, is wide enough for its own 64 channels at one end and 1000 classes. The "
    "prediction is the ratio of the two ends that were chosen first."
)
FEW_CLASSES = (
    "Twenty per cent: the last layer has ten units, so a draw has few independent values; another "
    "mode is off by a power of the ratio of the widths."
)
TEN_PER_CENT = "Ten per cent, for the draws; narrow layers spread. Another mode is far outside."
NO_DEPARTURE = "None: a statement about such networks, with a random gradient at the top."
ONE_NUMBER = "The three claims on weight gradients are one measurement with three verdicts."
ENDS = "A last layer sixteen times as wide as the first, about as 1000 classes behind 64 channels."
TEN = "Ten outputs behind 1000 units."
CONDITION = (
    "The paper says it where c₂/d_L “is not a diminishing number in common network designs”; which "
    "designs are common it leaves open."
)
CHARGED = (
    "It was charged as a contradiction, read from ten outputs behind 1000 units alone, a network "
    "that the paper's condition need not mean."
)
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
        kind=Kind.LAW,
        statement=(
            "If weights of variance 2/fan_out scale the gradient properly, they scale the "
            "signal properly, too."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “This means that if the initialization "
            "properly scales the backward signal, then this is also the case for the "
            "forward signal; and vice versa”"
        ),
        quantity="forward.widening_fan_out",
        measured_as=(
            "Second moment of the last layer's preactivations over that of the first "
            "layer's, averaged over units, images and networks, with weights of variance "
            "2/fan_out, before training; a ratio."
        ),
        choice=ENDS,
        readings=(Reading(TEN, "forward.head_fan_out"),),
        prediction=1 / 16,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=(
            "Dense networks on MNIST. The paper's networks have 1000 classes, after 64 "
            "channels or more."
        ),
        remark=(
            f"{CONDITION} Over any depth only the first and the last width count "
            "(he-sufficiency-telescopes). With ends about as the paper's the signal is kept to a "
            "factor of 16; with ten outputs the logits start a hundred times too large in second "
            "moment (modes-are-one-function), which is not diminishing either, but not proper."
        ),
        withdrawn=Withdrawn(Verdict.CONTRADICTED, "forward.head_fan_out", PROPERLY, CHARGED),
        control=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    Claim(
        id="he-sufficiency-backward",
        kind=Kind.LAW,
        statement=(
            "If weights of variance 2/fan_in scale the signal properly, they scale the "
            "gradient properly, too."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “This means that if the initialization "
            "properly scales the backward signal, then this is also the case for the "
            "forward signal; and vice versa”"
        ),
        quantity="backward.widening_fan_in",
        measured_as=(
            "Second moment of the gradient by the first layer's preactivations over that "
            "at the last layer's, averaged over units, images and networks, with weights "
            "of variance 2/fan_in, before training; a ratio."
        ),
        choice=ENDS,
        readings=(Reading(TEN, "backward.head_fan_in"),),
        prediction=16.0,
        band=PROPERLY,
        reason=PROPERLY_REASON,
        departure=f"Dense networks on MNIST. {RANDOM_TOP}",
        remark=(
            f"{CONDITION} With ten outputs the gradient reaches the first layer with a hundredth "
            "of its second moment. It is spread over a hundred times as many units: the sum of its "
            "squares is kept."
        ),
        withdrawn=Withdrawn(Verdict.CONTRADICTED, "backward.head_fan_in", PROPERLY, CHARGED),
        control=AS_WIDE_AS_THE_REST,
        derivation=TELESCOPE,
    ),
    ratio_to_law(
        id="he-sufficiency-telescopes",
        kind=Kind.LAW,
        statement=(
            "With weights of variance 2/fan_out, the signal changes from the first layer "
            "to the last by the ratio of their widths, whatever lies between."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “if we use Eqn.(14)” the product of "
            "equation 9 is “∏ n_l/n̂_l = c_2/d_L, which is not a diminishing number in "
            "common network designs”"
        ),
        quantity="forward_over_ends.head_fan_out",
        measured_as=(
            "Second moment of the last layer's preactivations over that of the first "
            "layer's, divided by the first width over the last, averaged over units, "
            "images and networks, with weights of variance 2/fan_out; a ratio to the law."
        ),
        departure=HEAD,
        remark=(
            "The factor over that ratio; the precise form of he-sufficiency. For "
            "convolutions with kernels of any sizes it is that of channels, times the "
            "places of a flattened map."
        ),
        rival=Rival("The number of inputs counts, and not the first width.", 784 / 1000),
        control=NegativeControl("Drop the factor 2.", {"modes.fan_out.weight_variance": 1.0}),
        derivation=TELESCOPE,
    ),
    Claim(
        id="sufficiency-of-the-ends",
        kind=Kind.LAW,
        statement=(
            "Weights of variance 2/fan_out are sufficient for the ends of a network "
            "alone: in layers of alternating width the signal swings by the ratio of the "
            "widths, here 16."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “The widths between the ends cancel”"),
        quantity="swing.alternating_fan_out",
        measured_as=(
            "Second moment of the preactivations in a narrow layer over that in the wide one "
            "before it, averaged over units, images, such pairs and networks, with weights of "
            "variance 2/fan_out; a ratio."
        ),
        prediction=16.0,
        band=around(16.0, 1.6),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark=("With 2/fan_in it is the gradient that swings, by the same factor."),
        rival=Rival("The signal swings by the root of the ratio.", 4.0),
        control=NegativeControl(
            "Divide by the geometric mean of the fans.", {"modes.fan_out.fan": "geometric"}
        ),
        derivation=TELESCOPE,
    ),
    ratio_to_law(
        id="no-variance-keeps-both",
        kind=Kind.LAW,
        statement=(
            "Whatever the variances of its weights, a ReLU network's factor of the signal "
            "over that of the gradient is the first width over the last."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “No variance keeps both, and the average loses”"),
        quantity="directions_over_ends.head_average",
        measured_as=(
            "Factor of the signal's second moment from the first layer to the last over "
            "that of the gradient's on its way down, divided by the first width over the "
            "last, averaged over networks, with the average of the fans; a ratio to the "
            "law."
        ),
        departure=NO_DEPARTURE,
        remark=(
            "The quotient over the ratio of the widths, measured with the average of the "
            "fans. It needs an activation that treats signal and gradient alike, as a "
            "ReLU does."
        ),
        control=NegativeControl("Replace the ReLU by tanh.", {"modes.average.activation": "tanh"}),
        derivation=BOTH,
    ),
    Claim(
        id="average-loses-both-ways",
        kind=Kind.LAW,
        statement=(
            "With a weight variance divided by the average of the fans, signal and "
            "gradient both shrink wherever widths change: over a pair of layers of widths "
            "16 to 1, by 64/289 each."
        ),
        source=THIS_STUDY.at(f"{CHAPTER}, section “No variance keeps both, and the average loses”"),
        quantity="two_layers.alternating_average",
        measured_as=(
            "Factor of the second moment over a pair of layers, the mean of signal and "
            "gradient, averaged over pairs and networks."
        ),
        prediction=64 / 289,
        band=around(64 / 289, 6.4 / 289),
        reason=TEN_PER_CENT,
        departure=NO_DEPARTURE,
        remark=(
            "The mean of both directions. Neither fan nor their geometric mean loses "
            "anything over such a pair; the average loses exponentially in their number."
        ),
        rival=Rival(
            ("Over a pair one factor of two over one and the ratio of the widths is lost."), 8 / 17
        ),
        control=NegativeControl("Divide by fan_in.", {"modes.average.fan": "fan_in"}),
        derivation=BOTH,
    ),
    ratio_to_law(
        id="fan-in-weight-gradients",
        kind=Kind.LAW,
        statement=(
            "With weights of variance 2/fan_in, the second moment of a weight gradient is "
            "inverse to the layer's fan_out."
        ),
        source=THIS_STUDY.at(SECTION_OF_WEIGHTS),
        quantity="weight_gradient_times_fan_out.head_fan_in",
        measured_as=(
            "Mean square of the last layer's weight gradient over the first layer's, "
            "times the ratio of their fan_out, averaged over networks, with a random "
            "gradient at the top; a ratio to the law."
        ),
        departure=NO_DEPARTURE,
        remark=(
            f"Of the last layer over the first, times the ratio of their fan_out. {ONE_NUMBER}"
        ),
        control=NegativeControl("Divide by fan_out.", {"modes.fan_in.fan": "fan_out"}),
        derivation=WEIGHTS,
    ),
    ratio_to_law(
        id="fan-out-weight-gradients",
        kind=Kind.IDENTITY,
        statement=(
            "With weights of variance 2/fan_out, the second moment of a weight gradient "
            "is inverse to the layer's fan_in, and so nearly the same in a network with a "
            "narrow head."
        ),
        source=THIS_STUDY.at(SECTION_OF_WEIGHTS),
        quantity="weight_gradient_times_fan_in.head_fan_out",
        measured_as=(
            "Mean square of the last layer's weight gradient over the first layer's, "
            "times the ratio of their fan_in, averaged over networks, with a random "
            "gradient at the top; a ratio to the law."
        ),
        departure=NO_DEPARTURE,
        remark=(
            "Of the last layer over the first, times the ratio of their fan_in. By "
            "modes-are-one-function it is equal by algebra to fan-in-weight-gradients. "
            f"{ONE_NUMBER}"
        ),
        control=NegativeControl("Divide by fan_in.", {"modes.fan_out.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    ratio_to_law(
        id="geometric-mean-weight-gradients",
        kind=Kind.IDENTITY,
        statement=(
            "With weights of variance 2/√(fan_in · fan_out), the second moment of a "
            "weight gradient over the variance of the weight is the same in every layer."
        ),
        source=THIS_STUDY.at(SECTION_OF_WEIGHTS),
        quantity="weight_gradient_over_variance.head_geometric",
        measured_as=(
            "Mean square of the last layer's weight gradient over the first layer's, each "
            "over the variance of its weights, averaged over networks, with a random "
            "gradient at the top; a ratio to the law."
        ),
        departure=NO_DEPARTURE,
        remark=(
            "Of the last layer over the first. No other variances do this in every network; with "
            "either fan alone the quotient changes by the ratio of the two fans. By "
            "modes-are-one-function it is equal by algebra to fan-in-weight-gradients. "
            f"{ONE_NUMBER}"
        ),
        control=NegativeControl("Divide by fan_in.", {"modes.geometric.fan": "fan_in"}),
        derivation=WEIGHTS,
    ),
    Claim(
        id="torch-fan-doc-note",
        kind=Kind.SOFTWARE,
        statement=("Who computes x @ w must pass w.T to kaiming_normal_ for fan_in to be fan_in."),
        source=PYTORCH.at(
            "torch.nn.init.kaiming_normal_, the note, “If you plan to use x @ w, where "
            "w.shape = [fan_in, fan_out], pass in a transposed weight matrix”"
        ),
        quantity="inputs_times_variance.matrix",
        measured_as=(
            "The number of inputs of x @ w times the mean square of the weights that "
            "torch draws into w.T, averaged over draws."
        ),
        prediction=2.0,
        band=around(2.0, 0.04),
        reason=("Two per cent, for the draws; without the transpose it is 31."),
        departure=("None: torch's own function, on the lesson note's matrix of 784 by 50."),
        remark=("The same law as with fan_out on w itself (s002-kaiming-normal-fan-out-same)."),
        rival=Rival("Torch's fan_in is the number of rows of w as it stands.", 2 * 784 / 50),
        control=NegativeControl("Pass w itself.", {"matrix.transposed": False}),
        derivation="derivation-layout",
    ),
)

UNTESTED = (
    Untested(
        id="he-backward-first-layer-skipped",
        cause=Cause.WORDS,
        statement=(
            "The gradient with respect to the image is not needed, yet He's equation 14 "
            "may be used in the first layer as well, for a single layer does not make a "
            "product large."
        ),
        source=HE_2015.at(
            "section 2.2, text after equation 14, “we need not compute Δx_1 because it "
            "represents the image domain. But we can still adopt Eqn.(14) in the first "
            "layer … the factor of a single layer does not make the overall product "
            "exponentially large/small”"
        ),
        reason=("A choice of convenience; the paper gives no number for a single factor."),
        remark=(
            "It multiplies all second moments by the number of pixels over the first "
            "width, once: little with a first layer of 1000 units, more than 24 with one "
            "of 32."
        ),
        derivation=TELESCOPE,
    ),
)
