"""What is claimed, what it predicts, and what must not agree."""

from math import sqrt

from study.record.claims import (
    Band,
    Cause,
    Claim,
    Kind,
    NegativeControl,
    Rival,
    Untested,
    Verdict,
    Withdrawn,
    around,
    printed,
    within,
)
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

DIGITS = "Half a unit of the last printed digit: the code is seeded, so nothing is left to chance."
AS_PRINTED = "None: the code as printed, with its seed."
ANOTHER_SEED = NegativeControl("Seed the generator with 2.", {"note.generator_seed": 2})
FIRST = NORMALISATION_NOTE.at("first piece of code, “y = x @ w”")
SECOND = NORMALISATION_NOTE.at("second piece of code, “/ 10**.5”")
THIRD = NORMALISATION_NOTE.at("third piece of code, “w = w * .2”")
LAST = NORMALISATION_NOTE.at("last piece of code, “* ((5/3)/10**.5)”")
CHAPTER = "chapter Which fan is which, section “A neuron adds up n squares”"
ROOT_TEN = sqrt(10)
FANS = "derivation-dot-product"


def seeded(  # noqa: PLR0913 - one argument for each thing that differs
    id_: str, printout: str, number: str, quantity: str, *, second: bool = False, remark: str = ""
) -> Claim:
    """Make the claim that the seeded code prints a number.

    Args:
        id_: the claim's id.
        printout: what is printed, as the beginning of a sentence.
        number: the number as it is printed.
        quantity: the exact value that is read.
        second: whether it stands in the second piece of code, not the first.
        remark: what the verdict means.
    """
    value, digits = float(number), len(number.partition(".")[2])
    matrix, kind = quantity.partition(".")[0].split("_")
    return Claim(
        id=id_,
        kind=Kind.EXACT_PRINT,
        statement=f"{printout} {number}.",
        source=SECOND if second else FIRST,
        quantity=quantity,
        measured_as=(
            f"The {'mean' if kind == 'mean' else 'standard deviation'} of all entries of {matrix} "
            "in the seeded code, summed in float64."
        ),
        prediction=value,
        band=printed(value, digits),
        reason=DIGITS,
        departure=AS_PRINTED,
        remark=remark
        or "The code is seeded; scalar and vector kernels of torch give this number alike.",
        control=ANOTHER_SEED,
    )


CLAIMS = (
    seeded(
        "s003-unscaled-dot-product",
        "With seed 1 and weights of standard deviation 1, the product has standard deviation",
        "3.2211",
        "y_deviation.unscaled",
        remark="The law of such a ratio, without the seed, is √10: dot-product-spread.",
    ),
    seeded("s003-unscaled-x-mean", "With seed 1 the input has mean", "-0.0038", "x_mean.unscaled"),
    seeded(
        "s003-unscaled-x-deviation",
        "With seed 1 the input has standard deviation",
        "1.0057",
        "x_deviation.unscaled",
    ),
    seeded(
        "s003-unscaled-w-mean",
        "With seed 1 the unscaled weights have mean",
        "0.0003",
        "w_mean.unscaled",
    ),
    seeded(
        "s003-unscaled-w-deviation",
        "With seed 1 the unscaled weights have standard deviation",
        "1.0115",
        "w_deviation.unscaled",
    ),
    seeded(
        "s003-unscaled-y-mean",
        "With seed 1 and weights of standard deviation 1, the product has mean",
        "-0.0064",
        "y_mean.unscaled",
    ),
    Claim(
        id="dot-product-spread",
        kind=Kind.LAW,
        statement=(
            "A dot product over n independent inputs multiplies the standard deviation by √n."
        ),
        source=THIS_STUDY.at(CHAPTER),
        quantity="spread_ratio.unscaled",
        measured_as=(
            "The standard deviation of a product of 1,000 rows of 10 numbers with 200 columns, "
            "over that of the rows, averaged over draws of both."
        ),
        prediction=ROOT_TEN,
        band=within(ROOT_TEN, 0.02),
        reason="Two per cent, for the draws; with 9 or 11 inputs the law is 5 per cent away.",
        remark=(
            "The note's “almost tripled” (s003-almost-tripled) is this number, which is a little "
            "more than three."
        ),
        control=NegativeControl("Use 11 inputs.", {"note.fan_in": 11}),
        rival=Rival("It triples, as with nine inputs.", 3.0),
        derivation=FANS,
    ),
    seeded(
        "s003-scaled-dot-product",
        "With seed 1 and weights divided by √10, the product has standard deviation",
        "1.0186",
        "y_deviation.scaled",
        second=True,
    ),
    Claim(
        id="s003-scaled-w-mean",
        kind=Kind.EXACT_PRINT,
        statement="With seed 1 the weights divided by √10 have mean 9.0598e-05.",
        source=SECOND,
        quantity="w_mean.scaled",
        measured_as=(
            "The mean of the 2,000 weights after the division by √10, drawn by torch's scalar "
            "kernels and summed in float64."
        ),
        prediction=9.0598e-05,
        band=printed(9.0598e-05, digits=9),
        reason=DIGITS,
        departure=(
            "Processor: torch's scalar kernels, which compute one number at a time. On vector "
            "kernels (AVX2, AVX-512) the line prints other last digits."
        ),
        remark=(
            "2,000 numbers of size 0.3 cancel to a mean of 0.0001, so that the last bits of the "
            "weights show in the last digits of the mean, and these bits differ between "
            "processors. The note does not tell its own."
        ),
        control=ANOTHER_SEED,
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "w_mean_on_this_processor.scaled",
            printed(9.0598e-05, digits=9),
            "It held the digits of one processor against the note, which had another.",
        ),
    ),
    seeded(
        "s003-scaled-w-deviation",
        "With seed 1 the weights divided by √10 have standard deviation",
        "0.3199",
        "w_deviation.scaled",
        second=True,
    ),
    seeded(
        "s003-scaled-y-mean",
        "With seed 1 and weights divided by √10, the product has mean",
        "-0.0020",
        "y_mean.scaled",
        second=True,
    ),
    Claim(
        id="s003-multiply-scales-std",
        kind=Kind.EXACT_PRINT,
        statement=(
            "Multiplying a matrix of standard deviation 1.0293 by 0.2 gives standard deviation "
            "0.2059."
        ),
        source=THIRD,
        quantity="multiplied_deviation.note",
        measured_as="The standard deviation of the seeded weights after the multiplication by 0.2.",
        prediction=0.2059,
        band=printed(0.2059, digits=4),
        reason=DIGITS,
        departure=AS_PRINTED,
        remark="The standard deviation is homogeneous: that of aw is |a| times that of w.",
        control=NegativeControl("Multiply by 0.3.", {"note.multiplier": 0.3}),
    ),
    Claim(
        id="s003-multiply-scales-std-before",
        kind=Kind.EXACT_PRINT,
        statement=(
            "Before its multiplication by 0.2 the note's matrix has standard deviation 1.0293."
        ),
        source=THIRD,
        quantity="weight_deviation.note",
        measured_as="The standard deviation of the seeded weights before the multiplication.",
        prediction=1.0293,
        band=printed(1.0293, digits=4),
        reason=DIGITS,
        departure=AS_PRINTED,
        remark="Not that of s003-unscaled-w-deviation: here the same seed draws the weights first.",
        control=ANOTHER_SEED,
    ),
    Claim(
        id="s003-gain-formula",
        kind=Kind.SOFTWARE,
        statement="The gain of tanh is 5/3.",
        source=NORMALISATION_NOTE.at("sentence “For tanh it is \\frac{5}{3}”"),
        quantity="gain.note",
        measured_as="What torch.nn.init.calculate_gain returns for tanh.",
        prediction=5 / 3,
        band=around(5 / 3, 1e-5),
        reason="A tabulated number; the hundred-thousandth is for the stored digits.",
        departure="None: torch's own calculate_gain.",
        remark=(
            "It is what torch returns; what this gain keeps, and what not, is another matter. The "
            "note's formula, gain over the root of a fan, is right, and s003-kaiming-divides-by-"
            "sqrt-inputs tests its root."
        ),
        control=NegativeControl("Ask for the gain of the ReLU.", {"note.activation": "relu"}),
        derivation="derivation-tanh-gain",
    ),
    Claim(
        id="s003-3084",
        kind=Kind.EXACT_PRINT,
        statement=(
            "Weights of a neuron of 10 inputs, times (5/3)/√10, have standard deviation .3084."
        ),
        source=LAST,
        quantity="gained_deviation.note",
        measured_as=(
            "The standard deviation of the seeded weights of the note's last line, with 10 inputs."
        ),
        prediction=0.3084,
        band=printed(0.3084, digits=4),
        reason=DIGITS,
        departure=AS_PRINTED,
        remark="The printed number does not follow from the printed code; see origin-of-3084.",
        control=NegativeControl("Use the 30 inputs of the lecture.", {"note.fan_in": 30}),
    ),
    Claim(
        id="origin-of-3084",
        kind=Kind.IDENTITY,
        statement=(
            "The printed standard deviation .3084 is what the note's line gives for 30 inputs "
            "instead of 10."
        ),
        source=THIS_STUDY.at("page The notes, line by line"),
        quantity="gained_deviation.lecture",
        measured_as=(
            "The standard deviation of the seeded weights of the note's last line, with 30 in "
            "place of both of its tens."
        ),
        prediction=0.3084,
        band=printed(0.3084, digits=4),
        reason=DIGITS,
        departure="The note's line and seed, with 30 in both places where it has 10.",
        remark=(
            "In the lecture 3 characters of 10 numbers each enter a neuron. It seems that the code "
            "was shortened to 10 and the output kept."
        ),
        control=NegativeControl("Use the note's 10 inputs.", {"lecture_fan_in": 10}),
    ),
    Claim(
        id="s003-multiply-by-3084",
        kind=Kind.IDENTITY,
        statement="To initialise a neuron of 10 inputs by hand, multiply its weights by .3084.",
        source=NORMALISATION_NOTE.at(
            "sentence “we would want to multiply our initial weights of a neuron with 10 axons by "
            "`.3084`”"
        ),
        quantity="factor.note",
        measured_as=(
            "The factor that the note's formula, gain over the root of the fan, gives for tanh and "
            "10 inputs."
        ),
        prediction=0.3084,
        band=within(0.3084, 0.02),
        reason="Two per cent: no network would feel a smaller difference of its weights.",
        departure="None: the note's own formula.",
        remark=(
            "The factor for 10 inputs is (5/3)/√10, about 0.527. The printed number is a measured "
            "standard deviation of the product, not the factor, and belongs to 30 inputs."
        ),
        control=NegativeControl("Use the 30 inputs of the lecture.", {"note.fan_in": 30}),
    ),
)

UNTESTED = (
    Untested(
        id="s003-fan-mode-axons",
        cause=Cause.WORDS,
        statement="The fan is the number of axons of the neuron.",
        source=NORMALISATION_NOTE.at("sentence “is the number of axons of the neuron”"),
        reason="A matter of words.",
        remark=(
            "A neuron has one axon, its output. fan_in counts the connections that enter it, "
            "fan_out those that leave it, and the argument `mode` says which count is used."
        ),
        derivation=FANS,
    ),
    Untested(
        id="s003-almost-tripled",
        cause=Cause.WORDS,
        statement="After one dot product the standard deviation has almost tripled.",
        source=NORMALISATION_NOTE.at(
            "sentence “our standard deviation has almost tripled after performing the dot product”"
        ),
        reason="A round word for the numbers printed below it, which are right.",
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "spread_ratio_of_the_note.unscaled",
            Band(2.5, 3.0),
            "It took “almost” for less than three times, to the digit.",
        ),
        remark="The ratio is 3.2 in the note's draw, and √10 by the law (dot-product-spread).",
        derivation=FANS,
    ),
)
