"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl
from study.theory.sources import HE_2015

DEPARTURE = (
    "Fully connected networks on MNIST, four epochs with a fixed learning rate chosen on "
    "validation images from five; the paper trains convolutions on ImageNet to the end, some "
    "eighty epochs with the rate lowered twice, one network of each kind. At quick size the "
    "networks have fewer layers."
)
BROKEN = NegativeControl(
    "Give Xavier's weights a tenth of their variance, and the deepest network three layers.",
    {"arms.fourteen_xavier.weight_variance": 0.1, "arms.thirty.depth": 3},
)

CLAIMS = (
    Claim(
        id="he-no-accuracy-advantage",
        statement=(
            "With 14 ReLU layers neither Xavier's nor He's initialisation is superior in accuracy "
            "to the other."
        ),
        source=HE_2015.at(
            "section 2.2, “33.90/13.44”, “33.82/13.34” and “not observed clear superiority”"
        ),
        quantity="test_error_ratio.xavier_over_he",
        prediction=33.90 / 33.82,
        band=Band(33.82 / 38.56, 38.56 / 33.82),
        reason=(
            "The paper calls 38.56 “clearly worse” than 33.82, of 30 layers against 14; no clear "
            "superiority is taken to be a ratio nearer to 1. The prediction is the paper's ratio. "
            "An earlier band, half as many errors again either way, was wider than any difference "
            "the paper speaks of; a run with another seed, and the error after the last update, "
            "was known by then."
        ),
        departure=DEPARTURE,
        remark=(
            "Xavier's test error over He's, paired within a draw, each the mean over the last half "
            "epoch. An interval inside the band says that a difference is small, not that there is "
            "none."
        ),
        control=BROKEN,
    ),
    Claim(
        id="he-deeper-not-better",
        statement="A ReLU network of 30 layers is worse than one of 14, though both converge.",
        source=HE_2015.at("section 2.2, “38.56/16.59” and “clearly worse than the error”"),
        quantity="test_error_more.thirty_than_fourteen",
        prediction=4.74,
        band=Band(0.0, 90.0),
        reason=(
            "Any difference of this sign that the interval separates from 0, whether “clearly” or "
            "not; its size belongs to the task. The prediction is the paper's difference."
        ),
        departure=DEPARTURE,
        remark="In percentage points, paired within a draw, both from He's weights.",
        control=BROKEN,
    ),
)
