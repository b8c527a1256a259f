"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log2

from study.record.claims import Band, Claim, NegativeControl, around
from study.theory.sources import HE_2015

DEPARTURE = (
    "Images of 7 × 7 with 16 channels throughout, one learning rate for both starts, and with 30 "
    "layers eleven epochs of MNIST from Xavier's weights, one and a quarter from He's; the paper "
    "has ImageNet, up to 512 channels in stages and pooling between them, and its figures show "
    "three epochs of 22 layers and nine of 30. At quick size 11 and 19 layers stand for these."
)
HALF = "More than half of what separates a guess from no error; a network that stalls has nothing."
SWAPPED = NegativeControl(
    "Swap the two variances, and halve Xavier's.",
    {"weight_variance.he": 0.5, "weight_variance.xavier": 2.0},
)

convolutional_network = partial(
    Claim,
    departure=DEPARTURE,
    control=SWAPPED,
)

CLAIMS = (
    convolutional_network(
        id="conv-22-layers-both-converge",
        statement=(
            "A convolutional network of 22 layers converges from Xavier's weights and from He's."
        ),
        source=HE_2015.at(
            "figure 2 and section 2.2, “Both methods are able to make them converge”"
        ),
        quantity="learnt_by_worse.twenty_two",
        prediction=1.0,
        band=Band(0.5, 1.0),
        reason=HALF,
        remark="Of the worse of both after its last update; dense: he-22-layers-both-converge.",
    ),
    convolutional_network(
        id="conv-22-layers-he-earlier",
        statement=(
            "In a convolutional network of 22 layers He's weights start reducing the error earlier "
            "than Xavier's."
        ),
        source=HE_2015.at("figure 2 and section 2.2, “But ours starts reducing error earlier”"),
        quantity="log2_xavier_over_he.twenty_two",
        prediction=log2(1.5),
        band=Band(log2(1.5), 15.0),
        reason="Half as many updates again; the prediction is the least that counts.",
        remark=(
            "The base-2 logarithm of the updates to the target, Xavier's over He's; where the "
            "target is not reached all updates count, so the truth is more."
        ),
    ),
    convolutional_network(
        id="conv-30-layers-xavier-stalls",
        statement="From Xavier's weights a convolutional network of 30 layers completely stalls.",
        source=HE_2015.at("figure 3 and section 2.2, “completely stalls the learning”"),
        quantity="learnt.xavier_thirty",
        prediction=0.0,
        band=around(0.0, 0.1),
        reason="A tenth of what separates a guess from no error: a constant answer scatters less.",
        remark=(
            "As far as was trained: updates times learning rate come to twice what the dense "
            "networks had (he-30-layers-xavier-stalls). Whether a network that has learnt nothing "
            "by then waits on its plateau or is dead was not measured."
        ),
        derivation="derivation-plateau",
    ),
    convolutional_network(
        id="conv-30-layers-he-converges",
        statement="From He's weights a convolutional network of 30 layers converges.",
        source=HE_2015.at("figure 3 and section 2.2, “make the extremely deep model converge”"),
        quantity="learnt.he_thirty",
        prediction=1.0,
        band=Band(0.5, 1.0),
        reason=HALF,
        remark="The same images in the same order, and the same random numbers times √2.",
    ),
)
