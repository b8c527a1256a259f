"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, NegativeControl, Untested, around, printed
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
        statement="MNIST's training pixels have the mean 0.1304.",
        source=PRINTED_STATISTICS,
        quantity="pixel_mean.notes",
        prediction=0.1304,
        band=printed(0.1304, digits=4),
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        control=BY_255,
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="s000-train-stats-deviation",
        statement="MNIST's training pixels have the standard deviation 0.3073.",
        source=PRINTED_STATISTICS,
        quantity="pixel_deviation.notes",
        prediction=0.3073,
        band=printed(0.3073, digits=4),
        remark="It takes the first 50,000 images and a division by 256, not by 255.",
        control=BY_255,
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="all-images-mean",
        statement=(
            "The mean 0.1307 of MNIST's pixels is that of all 60,000 images, a byte divided by 255."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Which images, which divisor")),
        quantity="pixel_mean.all_over_255",
        prediction=0.1307,
        band=printed(0.1307, digits=4),
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        control=TRAINING_ONLY,
    ),
    printed_statistic(
        id="all-images-deviation",
        statement=(
            "The standard deviation 0.3081 of MNIST's pixels is that of all 60,000 images, a byte "
            "divided by 255."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Which images, which divisor")),
        quantity="pixel_deviation.all_over_255",
        prediction=0.3081,
        band=printed(0.3081, digits=4),
        remark="The number in wide use for MNIST; it includes what the notes keep for validation.",
        control=TRAINING_ONLY,
    ),
    printed_statistic(
        id="s000-normalised-residual",
        statement="After standardising, MNIST's training pixels have the mean 3.0614e-05.",
        source=PRINTED_RESIDUAL,
        quantity="training_mean.exact",
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        remark="The mean is 0; what was printed is the rounding of a sum, see rounded-residual.",
        control=ROUNDED,
        derivation="derivation-float32-sums",
    ),
    printed_statistic(
        id="s000-normalised-residual-deviation",
        statement="After standardising, MNIST's training pixels have the standard deviation 1.",
        source=PRINTED_RESIDUAL,
        quantity="training_deviation.exact",
        prediction=1.0,
        band=printed(1.0, digits=4),
        remark="Exactly 1, whatever the pixels are.",
        control=WITH_ALL,
        derivation="derivation-standardising",
    ),
    Claim(
        id="rounded-residual",
        statement=(
            "A sum in float32, in two chunks of 32 running sums each, gives the printed mean of "
            "the standardised training pixels, 3.0614e-05."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Why the printed mean is not 0")),
        quantity="training_mean.kernel",
        prediction=3.0614e-05,
        band=printed(3.0614e-05, digits=9),
        reason=DIGITS_PRINTED,
        departure="How the note's machine summed is not on record; the five digits say how.",
        remark="The mean of the raw pixels is summed in the same way, and is too small already.",
        control=EXACTLY,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s004-normalise-why",
        statement=(
            "Subtracting the mean and dividing by the standard deviation gives mean 0, standard "
            "deviation 1."
        ),
        source=FROM_SCRATCH_NOTE.at("section 1.1, “after normalize, mean is close to zero”"),
        quantity="distance_from_zero_and_one.training",
        prediction=0.0,
        band=around(0.0, 1e-6),
        reason="A millionth: no error of the formula is so small, no rounding here so large.",
        remark="Not close but exact, for any numbers that are not all equal.",
        control=WITH_ALL,
        derivation="derivation-standardising",
    ),
    Claim(
        id="s000-closer-to-one-comment",
        statement=(
            "After standardising, the mean of the training pixels is much closer to 1 than before."
        ),
        source=SHORT_NOTE.at("comment “mean and std now are much closer to 1”"),
        quantity="distance_from_one_left.as_read",
        prediction=0.0,
        band=around(0.0, 0.5),
        reason="Much closer: less than half of the distance from 1 is left.",
        departure="The comment names mean and deviation in one breath; judged is the mean.",
        remark="The mean moves away from 1, to 0; only the deviation comes to 1.",
        control=NegativeControl("Judge the deviation instead.", {"reading.near_one": "deviation"}),
        derivation="derivation-standardising",
    ),
    printed_statistic(
        id="s000-valid-stats",
        statement=(
            "Standardised by the training statistics, MNIST's validation pixels have the mean "
            "-0.0058."
        ),
        source=PRINTED_VALIDATION,
        quantity="validation_mean.exact",
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        remark="It is -0.0059 to four digits; what was printed inherits the rounded training mean.",
        control=ROUNDED,
        derivation="derivation-float32-sums",
    ),
    printed_statistic(
        id="s000-valid-stats-deviation",
        statement=(
            "Standardised by the training statistics, MNIST's validation pixels have the standard "
            "deviation 0.9924."
        ),
        source=PRINTED_VALIDATION,
        quantity="validation_deviation.exact",
        prediction=0.9924,
        band=printed(0.9924, digits=4),
        remark="The ratio of the two deviations; with its own statistics it would be 1.",
        control=WITH_ALL,
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="rounded-validation-mean",
        statement=(
            "With sums in float32 all along, the mean of the standardised validation pixels is the "
            "printed -0.0058."
        ),
        source=THIS_STUDY.at(CHAPTER.format("Why the printed mean is not 0")),
        quantity="validation_mean.kernel",
        prediction=-0.0058,
        band=printed(-0.0058, digits=4),
        reason=DIGITS_PRINTED,
        departure="The kernel is the one that gives the printed residual; see rounded-residual.",
        remark="One error in the training mean explains both odd digits.",
        control=EXACTLY,
        data="mnist",
        derivation="derivation-float32-sums",
    ),
    Claim(
        id="s004-why-validation-only",
        statement="To check the initialisation, the validation images alone suffice.",
        source=FROM_SCRATCH_NOTE.at("section 2.1.1, “Why we did init, normalize with only”"),
        quantity="size_over_first.validation",
        prediction=1.0,
        band=around(1.0, 0.03),
        reason="Three per cent, less than one draw of 50 units differs from another.",
        departure="The note asks why and guesses; judged is what its question takes for granted.",
        remark=(
            "There is no deeper reason: the layer has the size of the images it is given, and any "
            "part of the data serves; see test-images-check-as-well."
        ),
        control=NegativeControl(
            "Do not standardise the validation images.", {"inputs.validation.standardise": False}
        ),
        derivation="derivation-input-scale",
    ),
    Claim(
        id="test-images-check-as-well",
        statement="On the test images the first layer is 1.0064 times as large as in training.",
        source=THIS_STUDY.at(CHAPTER.format("The first layer")),
        quantity="size_over_first.test",
        prediction=1.0064,
        band=around(1.0064, 0.002),
        reason="A fifth of a per cent, a third of the distance from 1.",
        remark="The ratio of the root mean squares of the two parts, whatever the weights are.",
        control=NegativeControl(
            "Do not standardise the test images.", {"inputs.test.standardise": False}
        ),
        data="mnist",
        derivation="derivation-input-scale",
    ),
    Claim(
        id="s000-shapes",
        statement="The note's n, m and c are 50000, 784 and 10.",
        source=SHORT_NOTE.at("output “(50000, 784, tensor(10))”"),
        quantity="shapes_as_printed.training",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason="It is 1 if all three numbers are as printed, else 0.",
        remark="Training images, pixels of an image, and the largest label plus one.",
        control=WITH_ALL,
        data="mnist",
    ),
    Claim(
        id="s004-nm-definition",
        statement="The note's n, the first of “n,m”, is the size of the training set.",
        source=SIZES,
        quantity="axis_left_by_half_of_the_images.n",
        prediction=0.5,
        band=HALVED,
        reason=HALVED_REASON,
        departure="The note says it of n and m at once; for m see s004-nm-definition-m.",
        remark="n counts the training images, so half of them have half of it.",
        control=NegativeControl("Look at m instead of n.", {"reading.axis_of_n": 1}),
    ),
    Claim(
        id="s004-c-definition",
        statement="The note's c is the number of activations that the model needs.",
        source=FROM_SCRATCH_NOTE.at("section 1.2, “c: the number of activations we need”"),
        quantity="classes_over_activations.as_read",
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
        statement=(
            "Pixels from 0 to 1 give the first layer about a ninth of the second moment that "
            "standardised ones give."
        ),
        source=THIS_STUDY.at(CHAPTER.format("The first layer")),
        quantity="second_moment_over_first.unit_range",
        prediction=UNIT_RANGE,
        band=around(UNIT_RANGE, 0.05 * UNIT_RANGE),
        reason=(
            "Five per cent, for the draws. The constant is (σ² + μ²)(256/255)², of the printed "
            "mean and deviation, known to four digits from the histogram of the pixels."
        ),
        remark=(
            "Squashing leaves the mean square of the pixels as it is, standardising makes it 1: "
            "the words may be interchangeable, the operations are not."
        ),
        control=NegativeControl(
            "Standardise in both cases.", {"inputs.unit_range.standardise": True}
        ),
        data="mnist",
        derivation="derivation-input-scale",
    ),
)

UNTESTED = (
    Untested(
        id="s004-nm-definition-m",
        statement="The note's m, the second of “n,m”, is the size of the training set.",
        source=SIZES,
        reason="A definition, and n by m is the size of the tensor that holds the set.",
        remark="m alone counts the pixels of one image, however many images there are.",
    ),
    Untested(
        id="s003-normalise-vs-standardise",
        statement="The words normalisation and standardisation seem to be used interchangeably.",
        source=NORMALISATION_NOTE.at("section Inputs, “used somewhat interchangeably”"),
        reason="A remark on the usage of words, and true of it; there is nothing to measure.",
        remark=(
            "The note tells the operations apart itself. They give the first layer different "
            "second moments; see unit-range-second-moment."
        ),
        derivation="derivation-input-scale",
    ),
)
