"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import (
    Claim,
    Kind,
    NegativeControl,
    Rival,
    within,
)
from study.theory.sources import THIS_STUDY, ZHANG_2019

SCALED_TOTAL = (1 + 1 / 50) ** 50
BLOCKS = "derivation-residual-blocks"

CLAIMS = (
    Claim(
        id="resnet-unscaled-doubles",
        kind=Kind.LAW,
        statement=(
            "A residual block with a branch that keeps the signal doubles the signal's variance."
        ),
        source=ZHANG_2019.at("section 2, on residual networks with standard initialisations"),
        quantity="block_factor.unscaled",
        measured_as=(
            "Second moment of the signal after a block over that before it, averaged over "
            "units, images, 50 blocks and networks, before training; a ratio."
        ),
        prediction=2.0,
        band=within(2.0, 0.02),
        reason=("Two per cent: the law holds in expectation at any width; only the draws stray."),
        departure=("x + W₂ relu(W₁ x), with variance 2/n and 1/n; 50 blocks, no normalisation."),
        remark=("The second moment: signal and branch are uncorrelated, so their sizes add."),
        rival=Rival("A branch that a ReLU has halved adds one half.", 1.5),
        control=NegativeControl("Divide the branches by √50.", {"power.unscaled": 0.5}),
        derivation=BLOCKS,
    ),
    Claim(
        id="resnet-scaled-branches",
        kind=Kind.LAW,
        statement=(
            "With branches divided by √B, all B blocks of a residual network together "
            "multiply the signal's variance by (1 + 1/B)^B."
        ),
        source=THIS_STUDY.at(
            "chapter Variance through depth, section “A residual block doubles the signal”"
        ),
        quantity="all_blocks.scaled",
        measured_as=(
            "Second moment of the signal after 50 blocks over that before the first, "
            "averaged over units, images and networks, before training; a ratio."
        ),
        prediction=SCALED_TOTAL,
        band=within(SCALED_TOTAL, 0.1),
        reason=("Ten per cent, as the spreads of fifty factors add up in one draw."),
        departure="None: B = 50.",
        remark="Below e = 2.718 for any number of blocks.",
        rival=Rival("All branches together add the input once.", 2.0),
        control=NegativeControl("Divide by the fourth root instead.", {"power.scaled": 0.25}),
        derivation=BLOCKS,
    ),
)
