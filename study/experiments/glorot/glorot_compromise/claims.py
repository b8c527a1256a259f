"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import atanh

from study.record.claims import (
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    around,
)
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot's law, section “{}”"
STARTING = (
    "A linear network on MNIST with the gradient of its true cross-entropy, before any training; "
    "the paper states it for a network in its linear regime."
)
FACTOR = "Three per cent of a factor; with the fan of another network it is off by over a tenth."
UPWARDS = (
    "By what a hidden layer multiplies the mean square of the activations, averaged over the "
    "layers of a linear network that narrows, its images and the draws"
)
DOWNWARDS = (
    "By what a hidden layer multiplies the mean square of the loss's gradient on its way down, "
    "averaged over the layers of a linear network that narrows, its images and the draws"
)
OVER_LAW = "over what the law says; no unit."
ALGEBRAIC = NegativeControl("Take x/√(1 + x²) in its place.", {"tails.function": "algebraic"})
factor_over_law = partial(
    Claim,
    kind=Kind.LAW,
    prediction=1.0,
    band=around(1.0, 0.03),
    reason=FACTOR,
)
torch_bound = partial(
    Claim,
    kind=Kind.IDENTITY,
    prediction=1.0,
    band=around(1.0, 0.001),
    reason="A thousandth: of so many uniform weights the largest is as near to the bound.",
    derivation="glorot-two-initialisations",
)
tails = partial(
    Claim,
    kind=Kind.IDENTITY,
    prediction=-2.0,
    band=around(-2.0, 0.1),
    reason="A tenth; the powers that are in question differ by one.",
    control=ALGEBRAIC,
    derivation="glorot-softsign",
)

SLOPE_TAILS = tails(
    id="softsign-slope-tails",
    statement="What falls as 1/x² in the tails of softsign is its slope.",
    source=THIS_STUDY.at(HERE.format("The tails of softsign")),
    quantity="power_of_slope.softsign",
    measured_as="The power of x with which f'(x) falls, between two points far out.",
    remark="The distance from the asymptote falls as 1/x.",
    control=NegativeControl(
        "Look near 0, where there is no tail.", {"tails.near": 1.5, "tails.far": 3.0}
    ),
)

CLAIMS = (
    torch_bound(
        id="gb-eq1-standard",
        statement=(
            "The commonly used heuristic draws weights from U[−1/√n, 1/√n], where n is the size "
            "of the layer below."
        ),
        source=GLOROT_2010.at(
            "section 2.3, equation 1, “with the following commonly used heuristic”"
        ),
        quantity="largest_over_bound.linear_layer",
        measured_as=(
            "The largest size of a weight that torch's kaiming_uniform_ draws with a slope of √5, "
            "over 1/√n; one matrix a draw."
        ),
        departure=(
            "What is commonly used is read from torch: its linear layers fill their weights by "
            "kaiming_uniform_ with a slope of √5."
        ),
        remark="A definition; torch still follows it (torch-default-linear).",
        control=NegativeControl("Ask torch for a slope of 0.", {"torch_fills.squared_slope": 0.0}),
    ),
    Claim(
        id="gb-eq2-eq3-backprop",
        kind=Kind.IDENTITY,
        statement="Glorot and Bengio's equations 2 and 3 are the gradients of the cost.",
        source=GLOROT_2010.at(
            "section 4.2.1, equations 2 and 3, “From these definitions we obtain the following”"
        ),
        quantity="largest_difference.chain_rule",
        measured_as=(
            "The largest difference between a weight's gradient by these equations and by torch's "
            "autograd, over the largest gradient, in double precision."
        ),
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="Rounding in double precision, with room for sums of many terms.",
        departure="A tanh network of width 50 with softmax outputs, beside torch's autograd.",
        remark="The chain rule; what is checked is the code.",
        control=NegativeControl("Take a 1 for the derivative.", {"chain_rule.derivative": "one"}),
        derivation="glorot-eq2",
    ),
    factor_over_law(
        id="gb-eq8-eq10-forward-condition",
        statement="With n Var W = 1 the activations of all layers have one variance.",
        source=GLOROT_2010.at(
            "section 4.2.1, equations 8 and 10, “to keep information flowing we would like that”"
        ),
        quantity="factor_up.forward",
        measured_as=f"{UPWARDS}, with weights of variance 1/fan_in; no unit.",
        departure=f"{STARTING} A network that narrows, variance 1/fan_in; the mean factor.",
        remark=(
            "The variance 1/fan_in is older than the paper: it is that of LeCun, Bottou, Orr and "
            "Müller (1998), whom the paper cites. With a tanh the signal falls even so "
            "(tanh-decay-gain-one)."
        ),
        rival=Rival("What decides is n' Var W, the layer above.", 0.734),
        derivation="glorot-two-conditions",
        control=NegativeControl(
            "Divide by the average of the fans.", {"funnel.forward": "average"}
        ),
    ),
    factor_over_law(
        id="gb-eq9-eq11-backward-condition",
        statement="With n' Var W = 1, n' the layer above, the gradients have one variance.",
        source=GLOROT_2010.at(
            "section 4.2.1, equations 9 and 11, “From a back-propagation point of view we would "
            "similarly like to have”"
        ),
        quantity="factor_down.backward",
        measured_as=f"{DOWNWARDS}, with weights of variance 1/fan_out; no unit.",
        departure=f"{STARTING} A network that narrows, variance 1/fan_out; the mean factor.",
        remark="Between hidden layers; the outputs' own layer has a fan_out of ten.",
        rival=Rival("What decides is n Var W, the layer below.", 1.611),
        derivation="glorot-two-conditions",
        control=NegativeControl(
            "Divide by the average of the fans.", {"funnel.backward": "average"}
        ),
    ),
    factor_over_law(
        id="compromise-forward",
        statement=(
            "With weights of variance 2/(n + n') a layer multiplies the signal's mean square by "
            "2n/(n + n')."
        ),
        source=THIS_STUDY.at(HERE.format("The compromise")),
        quantity="factor_up_over_law.compromise",
        measured_as=f"{UPWARDS}, {OVER_LAW}",
        departure="None: a network that narrows.",
        remark="Above 1 where a network narrows.",
        rival=Rival("The compromise keeps the signal in networks that narrow.", 0.867),
        derivation="glorot-compromise",
        control=NegativeControl("Divide by fan_in.", {"funnel.compromise": "fan_in"}),
    ),
    factor_over_law(
        id="compromise-backward",
        statement=(
            "With weights of variance 2/(n + n') a layer multiplies the gradient's mean square by "
            "2n'/(n + n')."
        ),
        source=THIS_STUDY.at(HERE.format("The compromise")),
        quantity="factor_down_over_law.compromise",
        measured_as=f"{DOWNWARDS}, {OVER_LAW}",
        departure="None: a network that narrows.",
        remark="The two factors multiply to less than 1 (average-loses-both-ways).",
        rival=Rival("The compromise keeps the gradient in networks that narrow.", 1.306),
        derivation="glorot-compromise",
        control=NegativeControl("Divide by fan_out.", {"funnel.compromise": "fan_out"}),
    ),
    torch_bound(
        id="gb-eq16-normalised",
        statement="The normalised initialisation draws from within ±√6/√(n + n').",
        source=GLOROT_2010.at(
            "section 4.2.1, equation 16, “We call it the normalized initialization”"
        ),
        quantity="largest_over_bound.xavier_uniform",
        measured_as=(
            "The largest size of a weight that torch's xavier_uniform_ draws, over √6/√(n + n'); "
            "one matrix a draw."
        ),
        departure="What is commonly used under its name: torch's xavier_uniform_.",
        remark="A definition. Its variance is 2/(n + n'), equation 12.",
        control=NegativeControl("Ask torch for its gain of tanh.", {"torch_fills.gain": 5 / 3}),
    ),
    Claim(
        id="xavier-uniform-variance",
        kind=Kind.SOFTWARE,
        statement=(
            "With a gain of 1 torch's xavier_uniform_ has the variance 2/(n + n') of Glorot and "
            "Bengio's equation 12."
        ),
        source=THIS_STUDY.at(HERE.format("Two bounds, two variances")),
        quantity="fan_times_variance.xavier_uniform",
        measured_as=(
            "The variance of the weights of one matrix that torch fills, times (n + n')/2; the "
            "mean over draws."
        ),
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent; torch's gain of 5/3 would make it 25/9.",
        departure="None: torch fills a matrix.",
        remark="The gain is torch's own factor (gb-gain-not-in-paper).",
        control=NegativeControl("Ask torch for a gain of √2.", {"torch_fills.gain": 2**0.5}),
        derivation="glorot-two-initialisations",
    ),
    tails(
        id="gb-softsign-tails",
        statement="The tails of softsign are quadratic polynomials.",
        source=GLOROT_2010.at(
            "section 2.3, “its tails are quadratic polynomials rather than exponentials, i.e., it "
            "approaches its asymptotes much slower”"
        ),
        quantity="power_of_rest.softsign",
        measured_as="The power of x with which 1 − f(x) falls, between two points far out.",
        departure="The tails are read as the distance from the asymptote.",
        remark=(
            "Polynomials and no exponentials they are (gb-softsign-slower), and quadratic is the "
            "slope's: that correction is all it takes."
        ),
        corrected=SLOPE_TAILS,
    ),
    SLOPE_TAILS,
    Claim(
        id="gb-softsign-slower",
        kind=Kind.IDENTITY,
        statement="Softsign approaches its asymptotes much slower than tanh.",
        source=GLOROT_2010.at("section 2.3, “it approaches its asymptotes much slower”"),
        quantity="reach_over_tanh.softsign",
        measured_as="How many times as far from 0 as tanh it comes to 0.99.",
        prediction=99 / atanh(0.99),
        band=Band(10.0, 100.0),
        reason="Much slower is ten times as far at the least.",
        remark="At 99, where tanh is there at 2.6.",
        control=NegativeControl("Ask for half of the asymptote only.", {"tails.level": 0.5}),
        derivation="glorot-softsign",
    ),
)

UNTESTED = (
    Untested(
        id="gb-gain-not-in-paper",
        cause=Cause.WORDS,
        statement="For tanh the variance of the weights is 2/(n + n'), with no gain.",
        source=GLOROT_2010.at(
            "section 4.2.1, equations 12 and 16, for a “symmetric activation function f with unit "
            "derivative at 0”"
        ),
        reason="It is read off the equations: neither has a factor that depends on f.",
        remark=(
            "The gain of 5/3 is torch's, and keeps no gradient (tanh-gradient-five-thirds). With 1 "
            "it is equation 16 that torch draws from (gb-eq16-normalised, xavier-uniform-variance)."
        ),
        derivation="glorot-two-initialisations",
    ),
)
