"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log2

from study.record.claims import (
    Claim,
    Factor,
    Kind,
    NegativeControl,
    at_least,
)
from study.theory.sources import HE_2015

DEPARTURE = (
    "Images of 7 × 7 with 16 channels throughout, one learning rate for both starts, and with 30 "
    "layers eleven epochs of MNIST from Xavier's weights, one and a quarter from He's; the paper "
    "has ImageNet, up to 512 channels in stages and pooling between them, and its figures show "
    "three epochs of 22 layers and nine of 30. At quick size 11 and 19 layers stand for these."
)
HALF = "More than half of what separates a guess from no error; a network that stalls has nothing."

convolutional_network = partial(
    Claim,
    departure=DEPARTURE,
)

CLAIMS = (
    convolutional_network(
        id="conv-22-layers-both-converge",
        kind=Kind.FINDING,
        statement=(
            "A convolutional network of 22 layers converges from Xavier's weights and from He's."
        ),
        source=HE_2015.at(
            "figure 2 and section 2.2, of a model of 22 layers, “Both methods are able to "
            "make them converge”"
        ),
        quantity="learnt_by_worse.twenty_two",
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, of the worse of the two starts in a "
            "draw, averaged over draws."
        ),
        band=at_least(0.5),
        reason=HALF,
        remark=("Of the worse of both after its last update; dense: he-22-layers-both-converge."),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give Xavier's weights a tenth of their variance.", {"weight_variance.xavier": 0.1}
        ),
    ),
    convolutional_network(
        id="conv-22-layers-he-earlier",
        kind=Kind.FINDING,
        statement=(
            "In a convolutional network of 22 layers He's weights start reducing the "
            "error earlier than Xavier's."
        ),
        source=HE_2015.at("figure 2 and section 2.2, “But ours starts reducing error earlier”"),
        quantity="log2_xavier_over_he.twenty_two",
        measured_as=(
            "The base-2 logarithm of the updates until the mean training loss is below "
            "that of a guess by a set amount, from Xavier's weights over those from He's "
            "in the same draw, averaged over draws."
        ),
        band=at_least(log2(1.5)),
        reason=("Half as many updates again; less would not be worth a remark."),
        remark=(
            "All networks with 22 layers reached the target, and in each of the five "
            "draws He's did first; five draws alone, without their sizes, would decide "
            "nothing at 99 %."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Swap the two variances.", {"weight_variance.he": 1.0, "weight_variance.xavier": 2.0}
        ),
    ),
    convolutional_network(
        id="conv-30-layers-xavier-stalls",
        kind=Kind.FINDING,
        statement=("From Xavier's weights a convolutional network of 30 layers completely stalls."),
        source=HE_2015.at(
            "figure 3 and section 2.2, “the ‘Xavier’ method completely stalls the learning”"
        ),
        quantity="rate.stalled.xavier_thirty",
        measured_as=(
            "The share of draws in which the network has learnt at most a tenth of what "
            "separates a guess from no error, 1 − error/0.9 on validation images, after the last "
            "update."
        ),
        band=at_least(0.5),
        reason=(
            "More than half of the draws: a typical network stalls. A tenth of what separates a "
            "guess from no error is more than a constant answer scatters."
        ),
        remark=(
            "In four of five draws the network is at a guess after the last update, which "
            "is what the paper saw of its one network; in the fifth it has learnt. Draws of "
            "two sorts have no mean that is any network's, so they are counted, and five are "
            "too few: Wilson's interval of four in five reaches from less than a third to "
            "nearly all. "
            "Whether a network that has learnt nothing by then waits on its plateau or is "
            "dead was not measured."
        ),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give Xavier's weights He's variance.", {"weight_variance.xavier": 2.0}
        ),
        derivation="derivation-plateau",
    ),
    convolutional_network(
        id="conv-30-layers-he-converges",
        kind=Kind.FINDING,
        statement=("From He's weights a convolutional network of 30 layers converges."),
        source=HE_2015.at(
            "figure 3 and section 2.2, “Our initialization is able to make the extremely "
            "deep model converge”"
        ),
        quantity="learnt.he_thirty",
        measured_as=(
            "The share learnt of what separates a guess from no error, 1 − error/0.9 on "
            "validation images after the last update, averaged over draws."
        ),
        band=at_least(0.5),
        reason=HALF,
        remark=("The same images in the same order, and the same random numbers times √2."),
        constant_factors=tuple(Factor),
        control=NegativeControl(
            "Give He's weights a quarter of their variance.", {"weight_variance.he": 0.5}
        ),
    ),
)
