"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl, around, within
from study.theory.sources import SCHOENHOLZ_2017, THIS_STUDY

SHORT = (
    "Short trainings of narrow networks on a part of MNIST by plain descent at one learning rate; "
    "the paper trains longer and wider ones."
)
SECTION = "chapter Order and chaos, section "
STILL = NegativeControl("Do not train.", {"learning_rate": 0.0})

CLAIMS = (
    Claim(
        id="depth-scale-trainability",
        statement=(
            "Whether a random tanh network can be trained is told by its depth in depth scales."
        ),
        source=SCHOENHOLZ_2017.at("abstract, “precisely when information can travel through them”"),
        quantity="rank_correlation.tanh",
        prediction=1.0,
        band=Band(0.8, 1.0),
        reason=(
            "From 0.8 on one number tells nearly all of the order; below the threshold what is "
            "learnt depends on the learning rate as well."
        ),
        departure=SHORT,
        remark="Minus Spearman's correlation of what is learnt with the depth in scales.",
        control=STILL,
        derivation="derivation-trainability",
    ),
    Claim(
        id="trainable-six-scales",
        statement="Tanh networks can be trained up to a depth of about six depth scales.",
        source=SCHOENHOLZ_2017.at("section 6, the comparison with multiples of the depth scale"),
        quantity="threshold.tanh",
        prediction=6.0,
        band=within(6.0, 0.5),
        reason="A half: the paper says about six, of trainings that are longer.",
        departure=SHORT,
        remark="The depth in scales with as many networks below it as begin to learn.",
        control=STILL,
        derivation="derivation-trainability",
    ),
    Claim(
        id="nothing-is-learnt-beyond",
        statement=(
            "Tanh networks of more than nine depth scales learn nothing in a hundred updates."
        ),
        source=THIS_STUDY.at(f"{SECTION}“What training sees”"),
        quantity="learnt.far",
        prediction=0.0,
        band=around(0.0, 0.02),
        reason="Two hundredths of the loss of chance; networks on the edge learn a tenth and more.",
        remark="The mean over all networks of more than nine scales, ordered and chaotic.",
        control=NegativeControl("Count networks from a tenth of a scale on.", {"far": 0.1}),
        derivation="derivation-trainability",
    ),
)
