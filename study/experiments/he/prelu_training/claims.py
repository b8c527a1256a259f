"""What is claimed, what it predicts, and what must not agree."""

from statistics import fmean

from study.experiments.he.prelu_training.method import rank_correlation
from study.record.claims import Band, Claim, NegativeControl, Untested
from study.theory.sources import HE_2015, THIS_STUDY

CHAPTER = "chapter Learned slopes, section “{}”"
NETWORK = (
    "Five convolutions of 16 channels and two linear layers, on MNIST for one and a half "
    "epochs; the paper's small model has eleven convolutions of 64 to 256 channels and three "
    "linear layers, on ImageNet for about 75."
)
NO_PRINTED = (
    "A hundredth: less is no effect, and slopes that are not learned give 0. Trials with other "
    "seeds had shown the effect, and the claim comes from them."
)
TABLE_1 = (
    *(0.596, 0.321, 0.204, 0.294, 0.464, 0.196),
    *(0.152, 0.145, 0.124, 0.134, 0.198),
)
"""The mean slopes of the convolutions with a slope for each channel, as printed."""
BEFORE_POOLING = 4
"""Where the last convolution before the second pooling stands in the table, from 0."""
DECAY_ALONE = 0.713495
"""What decay takes if the loss pulls nowhere, the other settings being the reference's."""
FROZEN = NegativeControl(
    "Freeze all slopes at one half, and give them to the ReLU network as well.",
    {"slope_rate": 0.0, "slope_start": 0.5, "arms.relu.slopes": "fixed"},
)
BY_TRIAL = "The network, the learning rate and the band were chosen after trials with other seeds."

CLAIMS = (
    Claim(
        id="he-prelu-init-025",
        statement=(
            "The slopes of PReLUs start at 0.25 and have no weight decay, as it would push them "
            "towards 0, which is towards a ReLU."
        ),
        source=HE_2015.at("section 2.1, “A weight decay tends to push”"),
        quantity="size_lost.decayed",
        prediction=DECAY_ALONE,
        band=Band(0.05, 1.0),
        reason=(
            "At least a twentieth of their size, and at most all of it. The prediction is what "
            "decay takes if the loss does not answer."
        ),
        departure=(
            f"{NETWORK} So that it shows in so short a training the decay is ten times the "
            "paper's for weights."
        ),
        remark=(
            "One minus the mean |a| with decay over that without, in pairs with the same weights "
            f"and images. {BY_TRIAL}"
        ),
        control=FROZEN,
        derivation="derivation-slope-decay",
    ),
    Claim(
        id="he-prelu-slopes-first-layer",
        statement=(
            "The PReLU slopes of the first convolution become large: 0.681 for a shared one and "
            "0.596 on average for one for each channel."
        ),
        source=HE_2015.at("section 2.1, table 1, “significantly greater than 0”"),
        quantity="slope.channel_conv1",
        prediction=TABLE_1[0],
        band=Band((0.25 + TABLE_1[0]) / 2, 1.0),
        reason=(
            "Nearer to what is printed than to where it started, 0.25: that it is greater than 0 "
            f"would be no finding. {BY_TRIAL}"
        ),
        departure=f"{NETWORK} As in the paper, max pooling comes after the first convolution.",
        remark=(
            "The mean over the channels of the first convolution. The paper's reason is that its "
            "filters find edges, of which either sign matters."
        ),
        control=FROZEN,
    ),
    Claim(
        id="prelu-first-slope-without-pooling",
        statement=(
            "Where no max pooling follows, the first convolution's PReLU slope is above the mean "
            "of the other convolutions' on MNIST, too."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="first_over_others.strided",
        prediction=TABLE_1[0] - fmean(TABLE_1[1:]),
        band=Band(0.01, 1.0),
        reason=f"{NO_PRINTED} The prediction is the paper's table 1, which has pooling.",
        departure=f"{NETWORK} A stride of 4 in the first convolution stands for the pooling.",
        remark=(
            "The order of the paper's table, not its size: the slope is below its start, and the "
            "others have fallen further."
        ),
        control=FROZEN,
    ),
    Claim(
        id="he-prelu-slopes-decrease",
        statement="Deeper convolutions have smaller PReLU slopes, in general.",
        source=HE_2015.at("section 2.1, table 1, “in general have smaller coefficients”"),
        quantity="rank_correlation.strided",
        prediction=rank_correlation(TABLE_1),
        band=Band(-1.5, -0.05),
        reason=(
            "Negative on average over draws, which is what “in general” says; slopes that are not "
            "learned give 0. The prediction is the correlation in the paper's table 1. The lower "
            "end lies beyond -1, the least that a correlation can be, since Student's interval "
            "knows no such end; it was -1 for an earlier run with another seed, whose interval "
            "reached beyond it."
        ),
        departure=f"{NETWORK} There is no pooling, whose own effect is prelu-pooling-lifts-slopes.",
        remark=(
            "Spearman's rank correlation of mean slope and depth, convolutions only. Trials with "
            "other seeds had shown an order without pooling and none with it, and the band was "
            "-0.5 for a while, which quick size left undecided: read it as the weaker finding that "
            "it is, beside the value with pooling, which the chapter gives."
        ),
        control=FROZEN,
    ),
    Claim(
        id="prelu-pooling-lifts-slopes",
        statement=(
            "The last convolution before the second max pooling has a larger PReLU slope than the "
            "mean of the convolutions before and after it."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="middle_over_neighbours.channel",
        prediction=TABLE_1[BEFORE_POOLING]
        - fmean((TABLE_1[BEFORE_POOLING - 1], TABLE_1[BEFORE_POOLING + 1])),
        band=Band(0.01, 1.0),
        reason=f"{NO_PRINTED} The prediction is that layer in the paper's table 1.",
        departure=NETWORK,
        remark=(
            "The paper's table has it as well and does not speak of it. It does not hold of the "
            "first convolution here."
        ),
        control=FROZEN,
    ),
    Claim(
        id="prelu-saves-loss-on-mnist",
        statement=(
            "On MNIST learned PReLU slopes save at least a twentieth of a ReLU network's loss."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What they are worth")),
        quantity="loss_saved.over_relu",
        prediction=0.05,
        band=Band(0.05, 1.0),
        reason="A twentieth; the prediction is the least that counts.",
        departure="None: it is a statement of this study about this network and this budget.",
        remark=(
            "One minus the ratio of the mean losses over the course of training, one learning rate "
            f"for both. Most of it a fixed slope saves as well. {BY_TRIAL}"
        ),
        control=FROZEN,
    ),
)

UNTESTED = (
    Untested(
        id="he-prelu-accuracy",
        statement=(
            "PReLUs lower the top-1 error of the small model on ImageNet from 33.82 % to 32.64 %."
        ),
        source=HE_2015.at("section 2.1, table 2"),
        reason="It takes ImageNet and the paper's machines; MNIST says nothing of that number.",
        remark="What learned slopes do to a small network on MNIST is prelu-saves-loss-on-mnist.",
        derivation="what-slopes-are-worth",
    ),
    Untested(
        id="he-imagenet-494",
        statement="PReLU networks have 4.94 % top-5 error on ImageNet, where a person has 5.1 %.",
        source=HE_2015.at("abstract and section 4"),
        reason="It takes ImageNet, and six large networks trained for weeks.",
        remark="Nothing on this site depends on it.",
    ),
)
