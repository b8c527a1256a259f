"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Claim, Kind, NegativeControl, at_least, at_most
from study.theory.sources import THIS_STUDY

SECTION = "chapter What PyTorch really does, section “What it costs”"
SETTING = (
    "Plain stochastic gradient descent, 300 updates at a learning rate of 0.1; of another "
    "optimiser or another rate the claim says nothing."
)
OTHER_SETTINGS = (
    "Tried beside the study, the same 8 layers did begin to learn within 300 updates at a rate of "
    "0.3, with momentum 0.9, and with Adam at 0.001."
)
LEARNS = "Half of the loss of guessing; a network that has not begun is at all of it."
FLOOR = "derivation-bias-floor"

CLAIMS = (
    Claim(
        id="torch-default-stalls",
        kind=Kind.FINDING,
        statement=(
            "With torch's defaults a ReLU network of 8 layers does not begin to learn in 300 "
            "updates of plain stochastic gradient descent at a learning rate of 0.1."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="last_loss_over_chance.deep_default",
        measured_as=(
            "The loss of the last ten of 300 updates over that of guessing, log 10; a ratio, "
            "the mean over draws."
        ),
        band=at_least(0.98),
        reason="Two per cent below log 10, the loss of guessing with equal chances.",
        departure=SETTING,
        remark=(
            "The loss of the last ten updates over log 10. The output hardly depends on the image, "
            "and the gradient hardly reaches the first layers. It is a plateau: with more updates "
            f"it learns, and the deeper, the later. {OTHER_SETTINGS}"
        ),
        control=NegativeControl("Start from He's weights.", {"networks.deep_default.start": "he"}),
        derivation=FLOOR,
    ),
    Claim(
        id="torch-default-shallow-learns",
        kind=Kind.FINDING,
        statement=(
            "With torch's defaults a ReLU network of 3 layers learns in 300 updates of plain "
            "stochastic gradient descent at a learning rate of 0.1."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="last_loss_over_chance.shallow_default",
        measured_as=(
            "The loss of the last ten of 300 updates over that of guessing, log 10; a ratio, "
            "the mean over draws."
        ),
        band=at_most(0.5),
        reason=LEARNS,
        departure=SETTING,
        remark=(
            "After three layers the image still outweighs the biases, at this width. Its errors "
            "are nevertheless more than those from He's weights."
        ),
        control=NegativeControl("Give it 8 layers.", {"networks.shallow_default.depth": 8}),
    ),
    Claim(
        id="he-start-learns-where-default-stalls",
        kind=Kind.FINDING,
        statement=(
            "From He's weights a ReLU network of 8 layers learns in 300 updates of plain "
            "stochastic gradient descent at a learning rate of 0.1."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="last_loss_over_chance.deep_he",
        measured_as=(
            "The loss of the last ten of 300 updates over that of guessing, log 10; a ratio, "
            "the mean over draws."
        ),
        band=at_most(0.5),
        reason=LEARNS,
        departure=SETTING,
        remark=(
            "The same network, images, order and learning rate. With Adam at 0.001, tried beside "
            "the study, both starts learned; no claim judges that."
        ),
        control=NegativeControl(
            "Start from torch's defaults.", {"networks.deep_he.start": "default"}
        ),
    ),
)
