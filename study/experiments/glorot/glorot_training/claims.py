"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import sqrt

from study.record.claims import Band, Claim, NegativeControl
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot and Bengio, figure by figure, section "
SETTING = (
    "MNIST with standardised pixels for Shapeset, minibatches of a hundred for ten, three epochs "
    "for hundreds, one learning rate for all arms. At quick size 180 units a layer."
)
STEPS = NegativeControl(
    "Hardly train the tanh networks, give the normalised one softsign and the common "
    "initialisation instead, and train the softsign network with giant steps.",
    {
        "arms.tanh.learning_rate": 1e-6,
        "arms.tanh_n.learning_rate": 1e-6,
        "arms.tanh_n.activation": "softsign",
        "arms.tanh_n.initialisation": "standard",
        "arms.tanh_fast.learning_rate": 1e-6,
        "arms.softsign.learning_rate": 1.0,
    },
)
SAME = NegativeControl(
    "Give the normalised network the common initialisation.",
    {"arms.tanh_n.initialisation": "standard"},
)
A_QUARTER = "A quarter less: such a difference is seen in a figure without measuring."
EQUAL = 1.5
"""Deviations within this factor of one another count as the same."""
WITHIN = f"A factor of {EQUAL}, which the histograms of a figure would hardly show."

paper_figure = partial(
    Claim,
    departure=SETTING,
    control=STEPS,
)

CLAIMS = (
    paper_figure(
        id="gb-fig3-tanh-sequential",
        statement=(
            "In tanh networks with the common initialisation the first hidden layer saturates "
            "first, then the second, and so on upwards."
        ),
        source=GLOROT_2010.at("section 3.2 and figure 3, top"),
        quantity="smallest_drop.tanh",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason=(
            "In order means that no layer's percentile is above that of the layer below. Trial "
            "runs with another seed showed the order to depend on the learning rate."
        ),
        remark=(
            "The smallest difference between the 98th percentile of the sizes of a layer's "
            "activations and that of the next, at the last mark; negative where a layer has "
            "overtaken the one below. The first layer leads in any case."
        ),
        derivation="gb-figure-3",
    ),
    Claim(
        id="tanh-sequential-at-a-large-rate",
        statement=(
            "With twice the learning rate no layer of a wide tanh network overtakes the one below."
        ),
        source=THIS_STUDY.at(HERE + "“Figure 3”"),
        quantity="smallest_drop.tanh_fast",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason=(
            "In order means that no layer's percentile is above that of the layer below. Before "
            "training the percentiles descend too, and alike for both rates; training may break "
            "the order, as it does with the common rate."
        ),
        departure="None at reference size; the narrow networks of the quick size lose the order.",
        remark=(
            "So the order of figure 3 is no law of tanh and its initialisation; the step decides "
            "too. That they saturate as well is tanh-saturates-upwards-at-a-large-rate."
        ),
        control=STEPS,
        derivation="gb-figure-3",
    ),
    Claim(
        id="tanh-saturates-upwards-at-a-large-rate",
        statement="With twice the learning rate even the last layer of a tanh network saturates.",
        source=THIS_STUDY.at(HERE + "“Figure 3”"),
        quantity="size_98.tanh_fast_5",
        prediction=sqrt(0.5),
        band=Band(sqrt(0.5), 1.0),
        reason=(
            "At a size of √½ tanh has lost half of its slope, 1 − tanh². The run that judges had "
            "been made when this was written; the bound is that of the slope."
        ),
        remark="Its 98th percentile at the last mark; at the common rate it is size_98.tanh_5.",
        control=STEPS,
        derivation="gb-figure-3",
    ),
    paper_figure(
        id="gb-fig3-softsign-together",
        statement="The layers of a softsign network saturate together.",
        source=GLOROT_2010.at("section 3.3 and caption of figure 3, “and do so together”"),
        quantity="spread_over_tanh.softsign",
        prediction=0.0,
        band=Band(0.0, 0.75),
        reason=A_QUARTER,
        remark=(
            "The largest less the smallest of the layers' 98th percentiles at the last mark, over "
            "the same of the tanh network. “Together” is said of the course in time; layers that "
            "saturate at one time have percentiles near one another then."
        ),
        derivation="gb-figure-3",
    ),
    paper_figure(
        id="gb-fig3-softsign-less",
        statement="The layers of a softsign network saturate less than those of a tanh network.",
        source=GLOROT_2010.at("caption of figure 3, “saturate less”"),
        quantity="level_over_tanh.softsign",
        prediction=0.5,
        band=Band(0.0, 0.9),
        reason="A tenth less on average over the layers; before training it is about a half.",
        remark="The mean over the layers of the 98th percentiles, over that of the tanh network.",
        derivation="gb-figure-3",
    ),
    paper_figure(
        id="gb-fig4-end-histograms",
        statement=(
            "At the end of learning the lower layers of a tanh network are saturated: their "
            "activations gather at the asymptotes."
        ),
        source=GLOROT_2010.at("caption of figure 4, “important saturation of the lower layers”"),
        quantity="edge.tanh",
        prediction=1.0,
        band=Band(1.0, 20.0),
        reason="More sizes above 0.95 than if all were equally frequent; twenty is all of them.",
        remark=(
            "The share of the first layer's sizes above 0.95, over 0.05; most of them need not lie "
            "there. The prediction is the least that counts; other layers are not judged."
        ),
        derivation="gb-figure-4",
    ),
    paper_figure(
        id="gb-fig4-softsign-shoulders",
        statement=(
            "At the end of learning many activations of a softsign network have sizes of 0.6 to "
            "0.8."
        ),
        source=GLOROT_2010.at("section 3.3 and caption of figure 4, “many activation values”"),
        quantity="shoulder.softsign",
        prediction=1.0,
        band=Band(0.5, 100.0),
        reason="The paper has no number: at least half as many as in an equal range about zero.",
        remark=(
            "All layers together, and sizes of either sign. What the paper shows is the end of a "
            "training some hundred times as long, so the verdict is about these updates."
        ),
        derivation="gb-figure-4",
    ),
    paper_figure(
        id="gb-fig7-reverses-in-training",
        statement=(
            "In a tanh network with the common initialisation gradients shrink on their way down, "
            "and training turns this round."
        ),
        source=GLOROT_2010.at("section 4.3, on figure 7, “reversed very quickly”"),
        quantity="backward.tanh_end",
        prediction=1.0,
        band=Band(1.0, 100.0),
        reason="Turned round is above 1; before training the linear law has 1/9.",
        remark=(
            "The deviation of the gradient of the first layer's preactivations over the last "
            "hidden layer's, after the last update. “Very quickly” is not judged: see "
            "backward.tanh_early. The prediction is where it turns round."
        ),
        derivation="gb-figure-7",
    ),
    paper_figure(
        id="gb-fig9-divergence-standard",
        statement=(
            "In training the weight gradients of a tanh network's layers, alike at first, diverge "
            "with the common initialisation: they become larger in the lower layers."
        ),
        source=GLOROT_2010.at("section 4.3, on figure 9, and figure 9, top"),
        quantity="weights.tanh_late",
        prediction=EQUAL,
        band=Band(EQUAL, 100.0),
        reason=f"{WITHIN} The prediction is the least that counts as diverging.",
        remark=(
            "The deviation of the first layer's weight gradient over the last hidden layer's: the "
            "geometric mean over the marks after the early one."
        ),
        derivation="gb-figure-9",
    ),
    paper_figure(
        id="gb-fig9-normalised-keeps-variance",
        statement=(
            "The normalised initialisation keeps the variance of a tanh network's weight gradients "
            "the same across layers during training."
        ),
        source=GLOROT_2010.at("caption of figure 9"),
        quantity="weights.tanh_n_late",
        prediction=1.0,
        band=Band(1 / EQUAL, EQUAL),
        reason=WITHIN,
        remark=(
            "As for the common initialisation (gb-fig9-divergence-standard). The paper's text says "
            "less than its caption: they diverge, “especially with the standard initialization”."
        ),
        derivation="gb-figure-9",
    ),
    Claim(
        id="normalised-diverges-more-slowly",
        statement=(
            "With the normalised initialisation the weight gradients of a tanh network's layers "
            "diverge in training, but less than with the common one."
        ),
        source=THIS_STUDY.at(HERE + "“Figure 9”"),
        quantity="weights_over_standard.tanh_n",
        prediction=0.7,
        band=Band(0.0, 1.0),
        reason="Below 1 is less. The prediction is what trial runs with another seed had, roughly.",
        remark="The ratio of first to last layer, over the same ratio with the common one.",
        control=STEPS,
        derivation="gb-figure-9",
    ),
    Claim(
        id="gb-fig10-normalised-saturation",
        statement=(
            "With the normalised initialisation the layers of a tanh network saturate more evenly "
            "than with the common one."
        ),
        source=GLOROT_2010.at("figure 10 beside figure 3, top"),
        quantity="spread_over_tanh.tanh_n",
        prediction=0.5,
        band=Band(0.0, 0.75),
        reason=f"{A_QUARTER} Trial runs with another seed had about a half.",
        departure=SETTING,
        remark="The spread of the layers' 98th percentiles, over that with the common one.",
        control=SAME,
        derivation="gb-figure-10",
    ),
    Claim(
        id="normalised-saturates-more",
        statement=(
            "With the normalised initialisation the layers of a tanh network saturate more, on "
            "average, than with the common one."
        ),
        source=THIS_STUDY.at(HERE + "“Figure 10”"),
        quantity="level_over_tanh.tanh_n",
        prediction=1.0,
        band=Band(1.0, 2.0),
        reason="Above 1 is more; the prediction is where it begins.",
        remark="The weights are larger from the start, and training does not take that back.",
        control=STEPS,
        derivation="gb-figure-10",
    ),
    paper_figure(
        id="gb-softsign-like-tanhn",
        statement=(
            "Softsign networks share similarities with tanh networks that have the normalised "
            "initialisation, as the evolution of their activations shows."
        ),
        source=GLOROT_2010.at("section 4.3, end, on figures 3, bottom, and 10"),
        quantity="nearer_to_tanh_n.softsign",
        prediction=0.0,
        band=Band(0.0, 1.0),
        reason="Below 1 it is nearer to that network than to tanh with the common initialisation.",
        remark=(
            "Which, is not said. Compared is how the percentiles are shared out over the layers: "
            "each less its network's mean, root mean square over layers and marks after the first."
        ),
        derivation="gb-figure-10",
    ),
)
