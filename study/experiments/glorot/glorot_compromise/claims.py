"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import atanh

from study.record.claims import Band, Claim, NegativeControl, Untested, around
from study.theory.sources import GLOROT_2010, THIS_STUDY

HERE = "chapter Glorot's law, section “{}”"
STARTING = (
    "A linear network on MNIST with the gradient of its true cross-entropy, before any training; "
    "the paper states it for a network in its linear regime."
)
FACTOR = "Three per cent of a factor; with the fan of another network it is off by over a tenth."
FUNNEL = NegativeControl(
    "Give each of the three networks the fan of another.",
    {"funnel.forward": "average", "funnel.backward": "average", "funnel.compromise": "fan_in"},
)
TORCH = NegativeControl(
    "Ask torch for a slope of 0, and for its gain of tanh.",
    {"torch_fills.squared_slope": 0.0, "torch_fills.gain": 5 / 3},
)
ALGEBRAIC = NegativeControl("Take x/√(1 + x²) in its place.", {"tails.function": "algebraic"})

factor_over_law = partial(
    Claim,
    prediction=1.0,
    band=around(1.0, 0.03),
    reason=FACTOR,
    control=FUNNEL,
)

CLAIMS = (
    Claim(
        id="gb-eq1-standard",
        statement=(
            "The commonly used heuristic draws weights from U[−1/√n, 1/√n], where n is the size "
            "of the layer below."
        ),
        source=GLOROT_2010.at("section 2.3, equation 1"),
        quantity="largest_over_bound.linear_layer",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: of so many uniform weights the largest is as near to the bound.",
        departure=(
            "What is commonly used is read from torch: its linear layers fill their weights by "
            "kaiming_uniform_ with a slope of √5."
        ),
        remark="It is what torch still does (torch-default-linear).",
        control=TORCH,
        derivation="glorot-two-initialisations",
    ),
    Claim(
        id="gb-eq2-eq3-backprop",
        statement="Glorot and Bengio's equations 2 and 3 are the gradients of the cost.",
        source=GLOROT_2010.at("section 4.2.1, equations 2 and 3"),
        quantity="largest_difference.chain_rule",
        prediction=0.0,
        band=around(0.0, 1e-9),
        reason="Rounding in double precision, with room for sums of many terms.",
        departure="A tanh network of width 50 with softmax outputs, beside torch's autograd.",
        remark="The largest difference of a weight's gradient, over the largest gradient.",
        control=NegativeControl("Take a 1 for the derivative.", {"chain_rule.derivative": "one"}),
        derivation="glorot-eq2",
    ),
    factor_over_law(
        id="gb-eq8-eq10-forward-condition",
        statement="With n Var W = 1 the activations of all layers have one variance.",
        source=GLOROT_2010.at("section 4.2.1, equations 8 and 10"),
        quantity="factor_up.forward",
        departure=f"{STARTING} A network that narrows, variance 1/fan_in; the mean factor.",
        remark="With a tanh the signal falls even so (tanh-decay-gain-one).",
        derivation="glorot-two-conditions",
    ),
    factor_over_law(
        id="gb-eq9-eq11-backward-condition",
        statement="With n' Var W = 1, n' the layer above, the gradients have one variance.",
        source=GLOROT_2010.at("section 4.2.1, equations 9 and 11"),
        quantity="factor_down.backward",
        departure=f"{STARTING} A network that narrows, variance 1/fan_out; the mean factor.",
        remark="Between hidden layers; the outputs' own layer has a fan_out of ten.",
        derivation="glorot-two-conditions",
    ),
    factor_over_law(
        id="compromise-forward",
        statement=(
            "With weights of variance 2/(n + n') a layer multiplies the signal's mean square by "
            "2n/(n + n')."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 12, the compromise")),
        quantity="factor_up_over_law.compromise",
        departure="None: a network that narrows.",
        remark="Measured over law, the mean over layers; above 1 where a network narrows.",
        derivation="glorot-compromise",
    ),
    factor_over_law(
        id="compromise-backward",
        statement=(
            "With weights of variance 2/(n + n') a layer multiplies the gradient's mean square by "
            "2n'/(n + n')."
        ),
        source=THIS_STUDY.at(HERE.format("Equation 12, the compromise")),
        quantity="factor_down_over_law.compromise",
        departure="None: a network that narrows.",
        remark="The two factors multiply to less than 1 (average-loses-both-ways).",
        derivation="glorot-compromise",
    ),
    Claim(
        id="gb-eq16-normalised",
        statement="The normalised initialisation draws from within ±√6/√(n + n').",
        source=GLOROT_2010.at("section 4.2.1, equation 16"),
        quantity="largest_over_bound.xavier_uniform",
        prediction=1.0,
        band=around(1.0, 0.001),
        reason="A thousandth: of so many uniform weights the largest is as near to the bound.",
        departure="What is commonly used under its name: torch's xavier_uniform_.",
        remark="Its variance is 2/(n + n'), equation 12.",
        control=TORCH,
        derivation="glorot-two-initialisations",
    ),
    Claim(
        id="xavier-uniform-variance",
        statement=(
            "With a gain of 1 torch's xavier_uniform_ has the variance 2/(n + n') of Glorot and "
            "Bengio's equation 12."
        ),
        source=THIS_STUDY.at(HERE.format("Two initialisations")),
        quantity="fan_times_variance.xavier_uniform",
        prediction=1.0,
        band=around(1.0, 0.02),
        reason="Two per cent; torch's gain of 5/3 would make it 25/9.",
        departure="None: torch fills a matrix, whose variance is taken times (n + n')/2.",
        remark="The gain is torch's own factor (gb-gain-not-in-paper).",
        control=TORCH,
        derivation="glorot-two-initialisations",
    ),
    Claim(
        id="gb-softsign-tails",
        statement="The tails of softsign are quadratic polynomials.",
        source=GLOROT_2010.at("section 2.3, “its tails are quadratic polynomials”"),
        quantity="power_of_rest.softsign",
        prediction=-2.0,
        band=around(-2.0, 0.1),
        reason="A tenth; the powers that are in question differ by one.",
        departure="The power of x with which 1 − f(x) falls, far out.",
        remark="It falls as 1/x; the slope is what falls as 1/x² (softsign-slope-tails).",
        control=ALGEBRAIC,
        derivation="glorot-softsign",
    ),
    Claim(
        id="softsign-slope-tails",
        statement="What falls as 1/x² in the tails of softsign is its slope.",
        source=THIS_STUDY.at(HERE.format("The tails of softsign")),
        quantity="power_of_slope.softsign",
        prediction=-2.0,
        band=around(-2.0, 0.1),
        reason="A tenth; the powers that are in question differ by one.",
        remark="The power of x of the slope, far out; the distance from 1 falls as 1/x.",
        control=ALGEBRAIC,
        derivation="glorot-softsign",
    ),
    Claim(
        id="gb-softsign-slower",
        statement="Softsign approaches its asymptotes much slower than tanh.",
        source=GLOROT_2010.at("section 2.3, “it approaches its asymptotes much slower”"),
        quantity="reach_over_tanh.softsign",
        prediction=99 / atanh(0.99),
        band=Band(10.0, 100.0),
        reason="Much slower is ten times as far at the least.",
        departure="How many times as far from 0 as tanh it comes to 0.99.",
        remark="At 99, where tanh is there at 2.6.",
        control=ALGEBRAIC,
        derivation="glorot-softsign",
    ),
)

UNTESTED = (
    Untested(
        id="gb-gain-not-in-paper",
        statement="For tanh the variance of the weights is 2/(n + n'), with no gain.",
        source=GLOROT_2010.at("section 4.2.1, equations 12 and 16, for f with f'(0) = 1"),
        reason="It is read off the equations: neither has a factor that depends on f.",
        remark=(
            "The gain of 5/3 is torch's, and keeps no gradient (tanh-gradient-five-thirds). With 1 "
            "it is equation 16 that torch draws from (gb-eq16-normalised, xavier-uniform-variance)."
        ),
        derivation="glorot-two-initialisations",
    ),
)
