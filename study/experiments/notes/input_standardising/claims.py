"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import hypot

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
    printed,
)
from study.theory.sources import FROM_SCRATCH_NOTE, NORMALISATION_NOTE, SHORT_NOTE, THIS_STUDY

CHAPTER = "chapter Standardising the input, section “{}”"
WHOLE = "None: all 39,200,000 pixels are summed without rounding."
DIGITS_PRINTED = "Half a unit of the last printed digit."
EXACTLY = NegativeControl("Sum without rounding.", {"sums.kernel.float32": False})
ROUNDED = NegativeControl(
    "Sum in float32, in the order of the kernel.", {"sums.exact.float32": True}
)
WITH_ALL = NegativeControl(
    "Standardise by all 60,000 images, validation included.", {"standardised_by": "all"}
)
PRINTED_STATISTICS = SHORT_NOTE.at("code “train_mean,train_std = x_train.mean(),x_train.std()”")
PRINTED_RESIDUAL = SHORT_NOTE.at("output “(tensor(3.0614e-05), tensor(1.))”")
PRINTED_VALIDATION = SHORT_NOTE.at("output of “x_valid.mean(),x_valid.std()”")
TRAINING_ONLY = NegativeControl(
    "Leave out the validation images.", {"statistics.all_over_255.images": "training"}
)
SIZES = FROM_SCRATCH_NOTE.at("section 1.2, “n,m: size of the training set”")
HALVED = around(0.5, 0.01)
HALVED_REASON = "A size is halved with the set; the band leaves room for an odd number of images."
UNIT_RANGE = (0.3073**2 + 0.1304**2) * (256 / 255) ** 2
IN_64_SUMS = "In float32 in 64 running sums, which a processor of the note's time may have kept"
UNROUNDED = "Without rounding"
VALIDATION_SIZE = hypot(0.9924333, 0.0058506)
"""Root mean square of the validation pixels, standardised by the training pixels."""
BY_255 = NegativeControl(
    "Divide a byte by 255, its largest value.", {"statistics.notes.divisor": 255.0}
)

printed_statistic = partial(
    Claim,
    reason=DIGITS_PRINTED,
    departure=WHOLE,
    data="mnist",
)

CLAIMS = (
    printed_statistic(
        id="s000-train-stats",
        kind=Kind.EXACT_PRINT,
        statement="MNIST's training pixels have the mean 0.1304.",
        source=PRINTED_STATISTICS,
        quantity="pixel_mean.notes",
        measured_as=(
            "The mean over all pixels of the first 50,000 training images, each byte divided by "
            "256."
        ),
        prediction=0.1304,
        band=printed(0.1304, digits=4),
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        control=BY_255,
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="s000-train-stats-deviation",
        kind=Kind.EXACT_PRINT,
        statement="MNIST's training pixels have the standard deviation 0.3073.",
        source=PRINTED_STATISTICS,
        quantity="pixel_deviation.notes",
        measured_as=(
            "The standard deviation over all pixels of the first 50,000 training images, each byte "
            "divided by 256."
        ),
        prediction=0.3073,
        band=printed(0.3073, digits=4),
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        control=NegativeControl("Take all 60,000 images.", {"statistics.notes.images": "all"}),
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="all-images-mean",
        kind=Kind.IDENTITY,
        statement=(
            "The mean 0.1307 of MNIST's pixels is that of all 60,000 images, a byte divided by 255."
        ),
        source=THIS_STUDY.at(CHAPTER.format("A mean and a standard deviation")),
        quantity="pixel_mean.all_over_255",
        measured_as=(
            "The mean over all pixels of all 60,000 training images, each byte divided by 255."
        ),
        prediction=0.1307,
        band=printed(0.1307, digits=4),
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        control=TRAINING_ONLY,
    ),
    printed_statistic(
        id="all-images-deviation",
        kind=Kind.IDENTITY,
        statement=(
            "The standard deviation 0.3081 of MNIST's pixels is that of all 60,000 images, a byte "
            "divided by 255."
        ),
        source=THIS_STUDY.at(CHAPTER.format("A mean and a standard deviation")),
        quantity="pixel_deviation.all_over_255",
        measured_as=(
            "The standard deviation over all pixels of all 60,000 training images, each byte "
            "divided by 255."
        ),
        prediction=0.3081,
        band=printed(0.3081, digits=4),
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        control=NegativeControl(
            "Divide a byte by 256.", {"statistics.all_over_255.divisor": 256.0}
        ),
    ),
    printed_statistic(
        id="s000-normalised-residual",
        kind=Kind.EXACT_PRINT,
        statement=(
            "After standardising, the code prints a mean of 3.0614e-05 for MNIST's training pixels."
        ),
        source=PRINTED_RESIDUAL,
        quantity="training_mean.kernel",
        measured_as=(
            "The mean over all pixels of the first 50,000 training images, standardised, in "
            "standard deviations of a pixel, as it comes out when the sums are made in float32 in "
            "64 running sums."
        ),
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        departure="The note does not tell its processor, nor the order in which its torch summed.",
        remark=(
            "The mean itself is 0, and the note prints the rounding of a sum. The order that gives "
            "the printed digits was looked for with these digits in view, so the evidence that it "
            "was the note's is the other odd number of the same page, s000-valid-stats."
        ),
        control=NegativeControl("Keep 32 running sums.", {"sums.kernel.chunks": 1}),
        choice=IN_64_SUMS,
        readings=(
            Reading("In float32 in the order of the torch of this run", "training_mean.torch"),
            Reading(UNROUNDED, "training_mean.exact"),
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "training_mean.exact",
            printed(3.0614e-05, digits=9),
            "It set the mean without rounding, of which the note does not speak, against what its "
            "code printed.",
        ),
        derivation="derivation-float32-sums",
    ),
    printed_statistic(
        id="s000-normalised-residual-deviation",
        kind=Kind.EXACT_PRINT,
        statement="After standardising, MNIST's training pixels have the standard deviation 1.",
        source=PRINTED_RESIDUAL,
        quantity="training_deviation.exact",
        measured_as=(
            "The standard deviation over all pixels of the first 50,000 training images after "
            "standardising."
        ),
        prediction=1.0,
        band=printed(1.0, digits=4),
        remark="Exactly 1, whatever the pixels are.",
        control=WITH_ALL,
        derivation="derivation-standardising",
    ),
    Claim(
        id="rounded-residual",
        kind=Kind.IDENTITY,
        statement=(
            "A sum in float32, in two chunks of 32 running sums each, gives the printed mean of "
            "the standardised training pixels, 3.0614e-05."
        ),
        source=THIS_STUDY.at(
            "page The notes, line by line, section “How one rounding error makes two odd digits”"
        ),
        quantity="training_mean.kernel",
        measured_as=(
            "The mean over all pixels of the first 50,000 training images, standardised, in "
            "standard deviations of a pixel, with all sums in float32 in 64 running sums."
        ),
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        reason=DIGITS_PRINTED,
        departure=(
            "How the note's machine summed is not on record; the order was chosen by the five "
            "digits."
        ),
        remark=(
            "It shows that such an order exists, not that the note's machine used it: the order "
            "was found with the five digits in view. rounded-validation-mean checks it, in the two "
            "digits that there are. The mean of the raw pixels is summed in the same way, and is "
            "too small already."
        ),
        control=NegativeControl(
            "Sum in half as many running sums.", {"sums.kernel.accumulators": 2}
        ),
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s004-normalise-why",
        kind=Kind.IDENTITY,
        statement=(
            "After subtracting the mean and dividing by the standard deviation, the mean is close "
            "to 0 and the standard deviation close to 1."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "section 1.1, “after normalize, mean is close to zero, and standard deviation is close "
            "to 1.”"
        ),
        quantity="distance_from_zero_and_one.training",
        measured_as=(
            "The larger of two distances after standardising: that of the mean of the training "
            "pixels from 0, and that of their standard deviation from 1."
        ),
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="A millionth: no error of the formula is so small, no rounding here so large.",
        remark="Not close but exact, for any numbers that are not all equal.",
        control=WITH_ALL,
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="s000-valid-stats",
        kind=Kind.EXACT_PRINT,
        statement=(
            "The code prints a mean of -0.0058 for MNIST's validation pixels, standardised by the "
            "training pixels."
        ),
        source=PRINTED_VALIDATION,
        quantity="validation_mean.kernel",
        measured_as=(
            "The mean over all pixels of the 10,000 validation images, standardised by the "
            "training pixels, in standard deviations of a pixel, as it comes out when the sums are "
            "made in float32 in 64 running sums."
        ),
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        departure="The note does not tell its processor, nor the order in which its torch summed.",
        remark=(
            "Without rounding it would be printed as -0.0059; what was printed inherits the "
            "rounded training mean."
        ),
        control=NegativeControl("Keep 16 running sums.", {"sums.kernel.lanes": 2}),
        choice=IN_64_SUMS,
        readings=(Reading(UNROUNDED, "validation_mean.exact"),),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "validation_mean.exact",
            printed(-0.0058, digits=4),
            "It set the mean without rounding, of which the note does not speak, against what its "
            "code printed.",
        ),
        derivation="derivation-float32-sums",
    ),
    printed_statistic(
        id="s000-valid-stats-deviation",
        kind=Kind.EXACT_PRINT,
        statement=(
            "Standardised by the training statistics, MNIST's validation pixels have the standard "
            "deviation 0.9924."
        ),
        source=PRINTED_VALIDATION,
        quantity="validation_deviation.exact",
        measured_as=(
            "The standard deviation over all pixels of the 10,000 validation images, standardised "
            "by the training pixels."
        ),
        prediction=0.9924,
        band=printed(0.9924, digits=4),
        remark="The ratio of the two standard deviations; with its own statistics it would be 1.",
        control=WITH_ALL,
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="rounded-validation-mean",
        kind=Kind.IDENTITY,
        statement=(
            "With sums in float32 all along, the mean of the standardised validation pixels is the "
            "printed -0.0058."
        ),
        source=THIS_STUDY.at(
            "page The notes, line by line, section “How one rounding error makes two odd digits”"
        ),
        quantity="validation_mean.kernel",
        measured_as=(
            "The mean over all pixels of the 10,000 validation images, standardised by the "
            "training pixels, with all sums in float32 in 64 running sums."
        ),
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        reason=DIGITS_PRINTED,
        departure="The kernel is the one that gives the printed residual; see rounded-residual.",
        remark=(
            "One error in the training mean explains both odd digits. Only two of them are "
            "independent of the choice of the order, which was made by the training mean."
        ),
        control=EXACTLY,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="validation-images-check-as-well",
        kind=Kind.LAW,
        statement=(
            "On the validation images the first layer is 0.9925 times as large as in training."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="size_over_first.validation",
        measured_as=(
            "The root mean square of the first layer's preactivations on the validation images "
            "over that on the training images, averaged over draws of the weights."
        ),
        prediction=VALIDATION_SIZE,
        band=around(VALIDATION_SIZE, 0.002),
        reason="A fifth of a per cent, about a quarter of the distance from 1.",
        remark=(
            "To check an initialisation any part of the data serves: the layer has the size of the "
            "images it is given, on average over the weights."
        ),
        control=NegativeControl(
            "Do not standardise the validation images.", {"inputs.validation.standardise": False}
        ),
        rival=Rival("All parts of the data are of one size.", 1.0),
        data="mnist",
        derivation="derivation-input-scale",
    ),
    Claim(
        id="test-images-check-as-well",
        kind=Kind.LAW,
        statement="On the test images the first layer is 1.0064 times as large as in training.",
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="size_over_first.test",
        measured_as=(
            "The root mean square of the first layer's preactivations on the test images over that "
            "on the training images, averaged over draws of the weights."
        ),
        prediction=1.0064,
        band=around(1.0064, 0.002),
        reason="A fifth of a per cent, a third of the distance from 1.",
        remark="The ratio of the root mean squares of the two parts, on average over the weights.",
        control=NegativeControl(
            "Do not standardise the test images.", {"inputs.test.standardise": False}
        ),
        rival=Rival("All parts of the data are of one size.", 1.0),
        data="mnist",
        derivation="derivation-input-scale",
    ),
    Claim(
        id="s000-shapes",
        kind=Kind.EXACT_PRINT,
        statement="The note's n, m and c are 50000, 784 and 10.",
        source=SHORT_NOTE.at("output “(50000, 784, tensor(10))”"),
        quantity="shapes_as_printed.training",
        measured_as=(
            "1 if the number of training images, that of pixels of an image and the largest label "
            "plus one are the printed 50000, 784 and 10, else 0."
        ),
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="It is 1 if all three numbers are as printed, else 0.",
        remark="Training images, pixels of an image, and the largest label plus one.",
        control=WITH_ALL,
        data="mnist",
    ),
    Claim(
        id="s004-nm-definition",
        kind=Kind.IDENTITY,
        statement="The note's n, the first of “n,m”, is the size of the training set.",
        source=SIZES,
        quantity="axis_left_by_half_of_the_images.n",
        measured_as=(
            "What is left of n, as a share of it, when half of the training images are left out."
        ),
        prediction=0.5,
        band=HALVED,
        reason=HALVED_REASON,
        departure="The note says it of n and m at once; for m see s004-nm-definition-m.",
        remark=(
            "n counts the training images, so half of them have half of it. The note says it of n "
            "and m at once, and together they are the shape of the training set."
        ),
        control=NegativeControl("Look at m instead of n.", {"reading.axis_of_n": 1}),
    ),
    Claim(
        id="s004-c-definition",
        kind=Kind.IDENTITY,
        statement="The note's c is the number of activations that the model needs.",
        source=FROM_SCRATCH_NOTE.at("section 1.2, “c: the number of activations we need”"),
        quantity="classes_over_activations.as_read",
        measured_as=(
            "The note's c over the number of outputs that its network with the cross-entropy has."
        ),
        prediction=1.0,
        band=around(1.0, 0.01),
        reason="A hundredth: one output more or less, in a count of ten, would show.",
        departure="Read as the note goes on, “output to have 10 activations”: one for each digit.",
        remark=(
            "The note's word activations means outputs here; counted with the hidden ones it "
            "would be false."
        ),
        control=NegativeControl(
            "Count the hidden activations, too.", {"reading.activations": "all"}
        ),
    ),
    Claim(
        id="unit-range-second-moment",
        kind=Kind.LAW,
        statement=(
            "Pixels from 0 to 1 give the first layer about a ninth of the second moment that "
            "standardised ones give."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer passes the mean square on")),
        quantity="second_moment_over_first.unit_range",
        measured_as=(
            "The mean square of the first layer's preactivations with pixels from 0 to 1 over that "
            "with standardised pixels, averaged over draws of the weights."
        ),
        prediction=UNIT_RANGE,
        band=around(UNIT_RANGE, 0.05 * UNIT_RANGE),
        reason=(
            "Five per cent, for the draws. The constant is (σ² + μ²)(256/255)², of the printed "
            "mean and standard deviation, known to four digits from the histogram of the pixels."
        ),
        remark=(
            "Squashing leaves the mean square of the pixels as it is, standardising makes it 1: "
            "the words may be interchangeable, the operations are not."
        ),
        control=NegativeControl(
            "Standardise in both cases.", {"inputs.unit_range.standardise": True}
        ),
        rival=Rival("What counts is the variance of the pixels, without their mean.", 0.0952),
        data="mnist",
        derivation="derivation-input-scale",
    ),
)

UNTESTED = (
    Untested(
        id="s004-nm-definition-m",
        cause=Cause.WORDS,
        statement="The note's m, the second of “n,m”, is the size of the training set.",
        source=SIZES,
        reason="A definition, and n by m is the size of the tensor that holds the set.",
        remark="m alone counts the pixels of one image, however many images there are.",
    ),
    Untested(
        id="s003-normalise-vs-standardise",
        cause=Cause.WORDS,
        statement="The words normalisation and standardisation seem to be used interchangeably.",
        source=NORMALISATION_NOTE.at("section Inputs, “used somewhat interchangeably”"),
        reason="A remark on the usage of words, and true of it; there is nothing to measure.",
        remark=(
            "The note tells the operations apart itself. They give the first layer different "
            "second moments; see unit-range-second-moment."
        ),
        derivation="derivation-input-scale",
    ),
    Untested(
        id="s000-closer-to-one-comment",
        cause=Cause.WORDS,
        statement="After standardising, mean and standard deviation are much closer to 1.",
        source=SHORT_NOTE.at("comment “mean and std now are much closer to 1”"),
        reason=(
            "A slip of the pen: the note's own sentence before it wants them “to be 0 or 1”, and "
            "read so the comment is right."
        ),
        withdrawn=Withdrawn(
            Verdict.CONTRADICTED,
            "distance_from_one_left.as_read",
            Band(-0.5, 0.5),
            "It took the comment at its letter, for the mean alone.",
        ),
        remark="The mean goes to 0 and the standard deviation to 1; see s004-normalise-why.",
        derivation="derivation-standardising",
    ),
    Untested(
        id="s004-why-validation-only",
        cause=Cause.WORDS,
        statement="“Why we did init, normalize with only validation data?”",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1.1, “Q: Why we did init, normalize with only validation data?”"
        ),
        reason="A question, with a guess that is a question too; nothing is stated.",
        withdrawn=Withdrawn(
            Verdict.REPRODUCED,
            "size_over_first.validation",
            Band(0.97, 1.03),
            "It judged what the question takes for granted, that the validation images suffice, "
            "which is an answer of this study; see validation-images-check-as-well.",
        ),
        remark=(
            "There is no deeper reason: any part of the data serves. The laws are "
            "validation-images-check-as-well and test-images-check-as-well."
        ),
        derivation="derivation-input-scale",
    ),
)
