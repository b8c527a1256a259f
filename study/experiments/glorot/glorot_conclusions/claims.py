"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.experiments.glorot.glorot_conclusions.method import EQUAL
from study.record.claims import Band, Claim, NegativeControl, Untested
from study.theory.sources import GLOROT_2010, THIS_STUDY

SHAPES = (EQUAL, "growing", "shrinking")
"""The shapes that the negative control makes alike."""

SECTION = "section 5, "
WIDTH_HERE = (
    "Five hidden layers of 200 units on MNIST and a thousand updates of 20 images, where the paper "
    "has a thousand units, Shapeset and five million updates of 10. So what is read is the speed: "
    "the mean loss over the course of training, at the best of four learning rates for either arm."
)
ADAM = (
    "Adam, which divides each parameter's step by the running size of its gradient, stands in for "
    "the two methods of the paper: the diagonal of the Hessian and an estimate of the gradient's "
    f"variance. {WIDTH_HERE}"
)
A_TWENTIETH = (
    "A twentieth of the loss, the least that counts, is the prediction too, as the paper prints no "
    "number. Trial runs with other seeds came first: the learning rates, this measure of speed and "
    "the twentieth were chosen with them in view."
)
NEVER_SEEN = (
    "One minus the ratio of the mean losses. In a single pass each image's loss is taken before "
    "the network has learnt from it, so that this is a loss on images not yet seen."
)
A_GAIN = Band(0.05, 1.0)
SWAPPED = NegativeControl(
    "Swap the standard and the normalised weights, make the orthogonal ones a ninth as large, and "
    "all layers 50 units.",
    {
        "inits.standard.fan": "average",
        "inits.standard.weight_variance": 1.0,
        "inits.normalised.fan": "fan_in",
        "inits.normalised.weight_variance": 1 / 3,
        "inits.orthogonal.weight_variance": 1 / 9,
        **{f"shapes.{shape}.{end}": 50 for shape in SHAPES for end in ("first", "last")},
    },
)
JACOBIAN = (
    "A tanh network of 20 layers of 100 units, by plain descent at the best of four learning "
    "rates; the paper's has five layers of a thousand."
)

gain = partial(
    Claim,
    prediction=0.05,
    band=A_GAIN,
    reason=A_TWENTIETH,
    control=SWAPPED,
)

CLAIMS = (
    gain(
        id="gb-second-order",
        statement=(
            "With standard weights, a learning rate of its own for each parameter, from "
            "second-order information, is a gain."
        ),
        source=GLOROT_2010.at(SECTION + "“a gain in performance”"),
        quantity="saved.adam_standard",
        departure=ADAM,
        remark=f"Adam against plain descent, both with standard weights. {NEVER_SEEN}",
    ),
    gain(
        id="gb-second-order-falls-short",
        statement=(
            "With standard weights, the gain of a learning rate of its own for each parameter does "
            "not reach what normalised weights gain with plain descent."
        ),
        source=GLOROT_2010.at(SECTION + "“but not reaching the result obtained from normalized”"),
        quantity="saved.normalised_without_adam",
        departure=ADAM,
        remark=(
            "Plain descent from normalised weights against Adam from standard ones. The lead is "
            "one of the beginning; where the two end was not measured."
        ),
    ),
    gain(
        id="gb-second-order-combined",
        statement="Second-order methods gain further when combined with normalised weights.",
        source=GLOROT_2010.at(SECTION + "“further gains by combining”"),
        quantity="saved.adam_normalised",
        departure=ADAM,
        remark=(
            "Adam against plain descent, both with normalised weights. Adam is not the paper's "
            "method, and what it does later was not measured."
        ),
    ),
    gain(
        id="gb-layer-sizes",
        statement="Normalised weights are a gain, too, when the layers grow or shrink with depth.",
        source=GLOROT_2010.at(SECTION + "“the same gains when the layer size increases”"),
        quantity="saved_at_least.other_shapes",
        departure=f"From 40 to 360 units and back. {WIDTH_HERE}",
        remark="The smaller gain of the two. “The same gains” is gb-layer-sizes-same-gain.",
    ),
    Claim(
        id="gb-layer-sizes-same-gain",
        statement=(
            "The normalised initialisation gains as much where layers grow or shrink as where all "
            "are alike."
        ),
        source=GLOROT_2010.at(SECTION + "“the same gains when the layer size increases”"),
        quantity="saved_apart.other_shapes",
        prediction=0.0,
        band=Band(-0.05, 0.05),
        reason=(
            "A twentieth of the loss is the least that counts as a gain here, so gains that differ "
            "by less are the same. Those of an earlier run, with another seed, were known by then."
        ),
        departure=f"{WIDTH_HERE} The paper does not say what the gains were measured by.",
        remark=(
            "The larger of two differences from the share that is saved in layers of one width, "
            "of growing and of shrinking layers. The three do not have equally many weights."
        ),
        control=SWAPPED,
    ),
    Claim(
        id="gb-jacobian-near-one-helps",
        statement=(
            "Training may be harder where the singular values of the layers' Jacobians are far "
            "from 1: with standard weights it takes longer than with normalised ones."
        ),
        source=GLOROT_2010.at("abstract, “far from 1”, and section 5, “with a Jacobian around 1”"),
        quantity="updates_over_normalised.standard",
        prediction=2.0,
        band=Band(1.5, 1000.0),
        reason=(
            "Half as many updates again: less may come of learning rates a factor of 2 apart. "
            "The prediction is a round number; the paper has none. Written after trial runs."
        ),
        departure=JACOBIAN,
        remark=(
            "Updates to a loss over those with normalised weights. Where the loss is not reached "
            "all updates count, so that the ratio is a lower bound."
        ),
        control=SWAPPED,
    ),
    Claim(
        id="gb-jacobian-orthogonal",
        statement=(
            "Orthogonal weights, whose singular values are all alike and nearer to 1, need fewer "
            "updates than normalised ones."
        ),
        source=THIS_STUDY.at(
            "chapter Glorot and Bengio, figure by figure, section “Section 5: the conclusions”"
        ),
        quantity="updates_over_normalised.orthogonal",
        prediction=0.75,
        band=Band(0.0, 0.9),
        reason="At least a tenth fewer, a round number as the prediction is; after trial runs.",
        departure=f"The paper has no orthogonal weights. {JACOBIAN}",
        remark=(
            "So it is not the mean alone: random matrices of the right variance have some singular "
            "values near 0, and those of an orthogonal one are 1 before tanh."
        ),
        control=SWAPPED,
    ),
)

UNTESTED = (
    Untested(
        id="gb-pretraining-and-hessian",
        statement=(
            "Networks of sigmoids that were pre-trained without labels do not saturate; Jacobians "
            "near 1 remove a good part of the difference to pre-training."
        ),
        source=GLOROT_2010.at("sections 3.1 and 5, “unsupervised”"),
        reason="No network is pre-trained in this study, so there is nothing to compare with.",
        remark="That Jacobians near 1 help at all is gb-jacobian-near-one-helps.",
    ),
    Untested(
        id="gb-fig11-shapeset",
        statement=(
            "On Shapeset the error falls faster with normalised weights; on 100,000 examples a "
            "tanh network with them has 50.47 %, a support vector machine 59.47 %."
        ),
        source=GLOROT_2010.at("figure 11 and section 5"),
        reason="Shapeset is drawn by a program of the authors that this study does not have.",
        remark="On MNIST the order of such curves is judged by gb-fig12-mnist-curves.",
    ),
    Untested(
        id="gb-best-depth-five",
        statement="On Shapeset the best depth was five hidden layers, and four for sigmoids.",
        source=GLOROT_2010.at("section 2.3, “best depth”"),
        reason="It is said of Shapeset, after a search over depths with the paper's budget.",
        remark="A best depth is one of a data set, a budget and a search.",
    ),
    Untested(
        id="gb-monitoring",
        statement=(
            "To watch activations and gradients by layer and in the course of training is a "
            "powerful way to understand why networks are hard to train."
        ),
        source=GLOROT_2010.at("section 5, “investigative tool”"),
        reason="It is advice on how to work; nothing would have to be measured for it to be false.",
        remark="This study watches them throughout.",
    ),
)
