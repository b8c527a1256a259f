"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, NegativeControl, around
from study.theory.sources import FROM_SCRATCH_NOTE, SHORT_NOTE, THIS_STUDY

CHAPTER = "chapter Standardising the input, section “{}”"
TRAINED = "The note trains nothing here; a network with one hidden layer stands for what follows."
IN_MOST_DRAWS = "In more than half of the draws; one half would be no difference."

CLAIMS = (
    Claim(
        id="s000-use-training-stats",
        statement=(
            "Validation images must be standardised by the training mean and standard deviation."
        ),
        source=SHORT_NOTE.at("comment “Use training, not validation mean for validation set”"),
        quantity="rate.loss_above_training.own_mostly_blank",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure=(
            f"{TRAINED} The set is made unlike: of 100 frames 99 are blank, as of a camera that "
            "waits. The note's own set is alike; see own-statistics-harmless-when-alike."
        ),
        remark=(
            "Right as a rule. On MNIST's own validation set it makes no difference "
            "(own-statistics-harmless-when-alike); on a set of another composition it decides."
        ),
        control=NegativeControl(
            "Standardise by the training images after all.",
            {"ways.own_mostly_blank.statistics": "training"},
        ),
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="own-statistics-harmless-when-alike",
        statement=(
            "Standardised by its own statistics, MNIST's validation set is classified as well as "
            "by those of the training set."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="error_above_training.own",
        prediction=0.0,
        band=around(0.0, 0.003),
        reason="The standard error of an error rate of a tenth, counted on 10,000 images.",
        remark="Own statistics are an affine map of the input, and here nearly the identity.",
        control=NegativeControl("Let 99 of 100 frames be blank.", {"ways.own.blank_share": 0.99}),
        data="mnist",
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="own-statistics-of-one-image",
        statement=(
            "Standardising each validation image by its own statistics costs less than a "
            "percentage point of error."
        ),
        source=THIS_STUDY.at(CHAPTER.format("What was measured")),
        quantity="error_above_training.own_image",
        prediction=0.0,
        band=around(0.0, 0.01),
        reason="One percentage point, less than half of what leaving the images raw costs.",
        remark="An image loses brightness and contrast; digits are told apart by their shape.",
        control=NegativeControl(
            "Do not standardise the images.", {"ways.own_image.statistics": "none"}
        ),
        data="mnist",
        derivation="derivation-own-statistics",
    ),
    Claim(
        id="s004-do-not-standardise-validation",
        statement="Validation images should not be standardised.",
        source=FROM_SCRATCH_NOTE.at("section 1.1, “You should not standarlize validation set”"),
        quantity="rate.loss_not_above_training.raw",
        prediction=1.0,
        band=around(1.0, 0.5),
        reason=IN_MOST_DRAWS,
        departure=TRAINED,
        remark=(
            "The rule is: compute no statistics on the validation set, and apply those of the "
            "training set to it. Raw images are kept no further apart; they come in another unit."
        ),
        control=NegativeControl("Train on raw images, too.", {"trained_with.statistics": "none"}),
        derivation="derivation-own-statistics",
    ),
)
