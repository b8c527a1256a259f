"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Kind, NegativeControl, Rival, around
from study.theory.sources import NORMALISATION_NOTE, THIS_STUDY

CHAPTER = "chapter Batch normalisation, section "
NOTE = "section Batch normalization, "
THIS_AVERAGE = "None: torch's own averages, of batches drawn with replacement from these images."

running_average = partial(
    Claim,
    source=THIS_STUDY.at(f"{CHAPTER}“What is stored for use”"),
    prediction=1.0,
    departure=THIS_AVERAGE,
    derivation="derivation-running-averages",
)

MEAN_RATE = running_average(
    id="bn-running-mean-rate",
    kind=Kind.LAW,
    statement=(
        "After t batches a share (1 − momentum)^t of the distance of batch normalisation's "
        "running mean from the data's mean is left."
    ),
    quantity="mean_left.tenth",
    measured_as=(
        "The share of the distance of the running mean from the data's mean that is left "
        "after 1/momentum batches, over (1 − momentum)^t; a ratio, the mean over units "
        "and draws."
    ),
    band=around(1.0, 0.02),
    reason="Two per cent: the law holds in expectation, so only the draws need room.",
    remark=(
        "Read after 1/momentum batches, and divided by the law. The momentum of torch, 0.1, is "
        "the weight of the new value, not of the old one."
    ),
    control=NegativeControl("Average all batches equally.", {"rule": "cumulative"}),
    rival=Rival("The momentum is the weight of the old value.", (0.1 / 0.9) ** 10),
)

CLAIMS = (
    Claim(
        id="s003-bn-running-average",
        kind=Kind.SOFTWARE,
        statement=(
            "PyTorch keeps a rolling average of the gain and the shift of batch normalisation for "
            "inference."
        ),
        source=NORMALISATION_NOTE.at(
            "section Batch normalization, “you need to use those weights and biases "
            "when running inference passes on your network. Pytorch calculates a "
            "rolling average of these”"
        ),
        quantity="inference_gain.over_rolling_average",
        measured_as=(
            "The gain that torch uses in inference over the rolling average of the gains that "
            "it had; a ratio."
        ),
        prediction=1.0,
        band=around(1.0, 0.05),
        reason="Five per cent, far less than the last step moves the gain.",
        departure=(
            "The gain is set by hand, to 1 for all batches but the last, and to 2 for the last."
        ),
        remark=(
            "“These” are “weights and biases” in the note. What is averaged are the mean and "
            "the variance of the batches, of which the sentence holds (bn-running-mean-rate); "
            "gain and shift are parameters like any other, and inference uses their last "
            "values. They are needed in inference, as the note says."
        ),
        control=NegativeControl("Leave the gain at 1 in the last step, too.", {"new_gain": 1.0}),
        corrected=MEAN_RATE,
        derivation="derivation-running-averages",
    ),
    MEAN_RATE,
    running_average(
        id="bn-running-variance-unbiased",
        kind=Kind.LAW,
        statement=(
            "Batch normalisation's running variance settles at the variance of the data, without a "
            "bias."
        ),
        quantity="variance_reached.tenth",
        measured_as=(
            "The running variance, once it has settled, over the variance of the data; a "
            "ratio, the mean over units and draws."
        ),
        band=around(1.0, 0.02),
        reason="A third of the 1/16 by which the mean of the biased variances would fall short.",
        remark=(
            "Torch averages the batch's variance with n − 1 in the denominator, though it "
            "normalises the batch by that with n (bn-biased-variance)."
        ),
        control=NegativeControl(
            "Let the average forget so slowly that it keeps its start.",
            {"momenta.tenth": 0.0005},
        ),
        rival=Rival("The variance of a batch is averaged with n below, 1/16 too small.", 15 / 16),
    ),
    running_average(
        id="bn-running-mean-noise",
        kind=Kind.LAW,
        statement=(
            "Batch normalisation's running mean does not settle: its mean square error stays at "
            "momentum/(2 − momentum) of that of one batch."
        ),
        quantity="mean_noise.tenth",
        measured_as=(
            "The mean square error of the running mean, once it has settled, over that of one "
            "batch times momentum/(2 − momentum); a ratio, the mean over units and draws."
        ),
        band=around(1.0, 0.1),
        reason=(
            "Ten per cent: few independent values in a draw. The momentum itself in place of the "
            "law would be nearly twice as much."
        ),
        remark=(
            "In units of the mean square error of one batch, which is the variance of the data "
            "over the batch size."
        ),
        control=NegativeControl("Stop before it has come to rest.", {"updates": 50}),
        rival=Rival("The error is the momentum times that of a batch.", 1.9),
    ),
)
