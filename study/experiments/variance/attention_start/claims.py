"""What is claimed, what it predicts, and what must not agree."""

from functools import partial
from math import log, log2, sqrt

from study.record.claims import Claim, Kind, NegativeControl, Rival, around, within
from study.theory.fans import glorot_in_a_stack
from study.theory.softmax import expected_lead, expected_maximum, softmax_moments
from study.theory.sources import PYTORCH, THIS_STUDY

WIDTH, TOKENS, GREYS = 512, 28, 256
CHAPTER = "chapter Attention and embeddings before training, section"
NETWORK = (
    "One head over 28 independent Gaussian tokens of width 512 and unit mean square, with matrices "
    "of variance 1/n by torch's xavier_uniform_, before training. At quick size there are fewer "
    "draws."
)
ROWS = (
    "One head over the 28 rows of MNIST images, each embedded by a Gaussian matrix in width 512 "
    "and scaled to unit mean square, with matrices of variance 1/n, before training. At quick size "
    "there are fewer draws."
)
TABLE = (
    "An embedding of the 256 grey levels of MNIST's pixels in width 512, with a stream of unit "
    "mean square, before training; half of the pairs of pixels differ. At quick size there are "
    "fewer draws."
)
FIVE_PER_CENT = "Five per cent: a draw strays by a few, and the law is exact over draws."
WIDE = "the law is that of very wide heads, from which 128 units depart by about a hundredth"

ONE, AT_128 = softmax_moments(1.0, TOKENS), softmax_moments(128.0, TOKENS)
AT_512 = softmax_moments(512.0, TOKENS)
LARGEST = 1 - log(2) * expected_maximum(TOKENS) / sqrt(512)
POWER = log2(AT_512.jacobian / AT_128.jacobian) / 2
OWN = 1 - 1 / (4 * WIDTH)
"""The mean norm of an embedding of unit norm."""
UNIT_LOGITS = softmax_moments(1.0, GREYS).log_sum
LARGE_LOGITS = softmax_moments(float(WIDTH), GREYS).log_sum

of_scores = partial(
    Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-attention-scores"
)
of_softmax = partial(
    Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-attention-softmax"
)
of_values = partial(
    Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-attention-values"
)
of_saturation = partial(
    Claim, kind=Kind.LAW, departure=NETWORK, derivation="derivation-attention-saturation"
)
of_embedding = partial(Claim, kind=Kind.LAW, departure=TABLE, derivation="derivation-embeddings")

ROOT = NegativeControl("Divide scores by the root of d.", {"arms.apart_plain.scaling": "root"})
PLAIN = NegativeControl("Do not scale the scores.", {"arms.apart_root.scaling": "none"})
INVERSE = NegativeControl("Divide scores by d.", {"arms.apart_root.scaling": "inverse"})

OF_SCORES = (
    of_scores(
        id="attention-score-variance",
        statement=(
            "The score of a query and a key of d entries each of unit second moment has the second "
            "moment d, if their matrices are independent."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Scores”"),
        quantity="score_square.apart_plain_128",
        measured_as="The mean square of a score at d = 128, over pairs of tokens and draws.",
        prediction=128.0,
        band=within(128.0, 0.05),
        reason=FIVE_PER_CENT,
        remark="So 1/√d scales it to 1, and 1/d to 1/d.",
        control=ROOT,
        rival=Rival("The entries of a product add up as those of equal vectors.", 128.0**2),
    ),
    of_scores(
        id="attention-row-variance",
        statement=(
            "A softmax sees only how much the scores of one query vary over keys, and at 1/√d that "
            "is the variance of the tokens about their mean, for tokens of unit second moment."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Scores”"),
        quantity="within_over_law.rows_root_128",
        measured_as=(
            "The variance of the scores of a row of attention over its keys, at d = 128 with 1/√d, "
            "over what differs between the tokens of the image, averaged over draws; a ratio."
        ),
        prediction=1.0,
        band=within(1.0, 0.1),
        reason="A tenth: rows of an image are alike, so that a draw strays by a fifth.",
        departure=ROWS,
        remark="The tokens are rows of images; nothing is assumed of how they differ.",
        control=NegativeControl("Draw the matrices packed.", {"arms.rows_root.matrices": "packed"}),
        rival=Rival("The matrices of queries and keys have half of their variance.", 0.25),
    ),
    Claim(
        id="torch-attention-packed-scores",
        kind=Kind.SOFTWARE,
        statement=(
            "Packed as one matrix of queries, keys and values, torch's xavier_uniform_ makes "
            "scores of a quarter of the second moment that three matrices make."
        ),
        source=PYTORCH.at("nn.MultiheadAttention, xavier_uniform_(self.in_proj_weight)"),
        quantity="score_square.packed_root_128",
        measured_as=(
            "The mean square of a score at d = 128 with 1/√d, for tokens of unit mean square, over "
            "pairs of tokens and draws."
        ),
        prediction=glorot_in_a_stack(WIDTH, [WIDTH] * 3)[0] ** 2,
        band=within(0.25, 0.05),
        reason=FIVE_PER_CENT,
        departure=NETWORK,
        remark=(
            "nn.MultiheadAttention starts so. fan_out is read off the stacked matrix, so queries "
            "and keys each have half of the second moment that they would have by themselves."
        ),
        control=NegativeControl("Draw them one by one.", {"arms.packed_root.matrices": "single"}),
        rival=Rival("It makes no difference.", 1.0),
        derivation="derivation-attention-scores",
    ),
)

OF_SOFTMAX = (
    of_softmax(
        id="attention-entropy-scaled",
        statement=(
            "Over 28 independent tokens the weights of attention with 1/√d have the entropy 2.88 "
            "at the start, where equal ones have ln 28, which is 3.33."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What the softmax makes of them”"),
        quantity="entropy.apart_root_128",
        measured_as="The entropy of the weights of a row, in nats, at d = 128, by row and draw.",
        prediction=ONE.entropy,
        band=around(ONE.entropy, 0.05),
        reason=f"A twentieth of a nat: {WIDE}.",
        remark="To second order it is ln T less half of the variance of a row's scores.",
        control=PLAIN,
        rival=Rival("The weights are equal.", log(TOKENS)),
    ),
    of_softmax(
        id="attention-entropy-plain",
        statement=(
            "Over 28 independent tokens the weights of attention without a scale, at d = 128, have "
            "an entropy of 0.3 at the start, nearly that of a single choice."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What the softmax makes of them”"),
        quantity="entropy.apart_plain_128",
        measured_as="The entropy of the weights of a row, in nats, at d = 128, by row and draw.",
        prediction=AT_128.entropy,
        band=within(AT_128.entropy, 0.1),
        reason=f"A tenth of it: {WIDE}.",
        remark="It falls like one over the root of d.",
        control=ROOT,
        rival=Rival("A single token is chosen.", 0.0),
    ),
    of_softmax(
        id="attention-largest-plain",
        statement=(
            "Without a scale the largest of 28 weights of attention comes near 1 as d grows, "
            "its distance from 1 like one over the root of d."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Saturation”"),
        quantity="largest.apart_plain_512",
        measured_as="The largest weight of a row at d = 512, over rows and draws.",
        prediction=LARGEST,
        band=around(LARGEST, 0.015),
        reason="A quarter of the distance from 1, for draws and for what the limit leaves out.",
        remark="The distance is ln 2 times the mean of the largest of 28 Gaussians, over √d.",
        control=ROOT,
        rival=Rival("A single token is chosen.", 1.0),
    ),
)

OF_VALUES = (
    of_values(
        id="attention-mean-shrinks",
        statement=(
            "Over 28 independent tokens attention with 1/√d leaves 0.08 of the second moment of "
            "its values, where equal weights would leave 1/28."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What becomes of the values”"),
        quantity="kept.apart_root_128",
        measured_as=(
            "The second moment of the outputs over that of the values, at d = 128, averaged over "
            "draws; a ratio."
        ),
        prediction=ONE.square,
        band=within(ONE.square, 0.07),
        reason=f"Seven per cent: {WIDE}, and a draw strays by a few hundredths.",
        remark="It is the expected sum of the squares of the weights.",
        control=INVERSE,
        rival=Rival("The weights are equal.", 1 / TOKENS),
    ),
    of_values(
        id="attention-plain-copies",
        statement=(
            "Over 28 independent tokens attention without a scale, at d = 128, leaves 0.8 of the "
            "second moment of its values: it nearly copies one."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What becomes of the values”"),
        quantity="kept.apart_plain_128",
        measured_as=(
            "The second moment of the outputs over that of the values, at d = 128, averaged over "
            "draws; a ratio."
        ),
        prediction=AT_128.square,
        band=around(AT_128.square, 0.03),
        reason=f"Three hundredths: {WIDE}.",
        remark="It comes near 1 like one over the root of d.",
        control=ROOT,
        rival=Rival("It copies one.", 1.0),
    ),
    of_values(
        id="attention-tokens-alike",
        statement=(
            "Attention with 1/√d over 28 independent tokens leaves a twentieth of what differs "
            "between them: the sum of the squares of the weights, less 1/28."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What becomes of the values”"),
        quantity="differs.apart_root_128",
        measured_as=(
            "The second moment of the outputs about their mean over the tokens of an image, over "
            "that of the values, at d = 128, averaged over draws; a ratio."
        ),
        prediction=ONE.square - 1 / TOKENS,
        band=within(ONE.square - 1 / TOKENS, 0.12),
        reason=f"Twelve per cent: {WIDE}, and twice as much of this difference.",
        remark="Without a residual connection little would be left to tell tokens by.",
        control=INVERSE,
        rival=Rival("The outputs differ as much as they are large.", ONE.square),
    ),
)

OF_SATURATION = (
    of_saturation(
        id="attention-gradient-mean",
        statement=(
            "Without a scale the second moment of the gradient that comes through the softmax of "
            "attention falls like one over the root of d, on average."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Saturation”"),
        quantity="gradient_power.apart_plain",
        measured_as=(
            "The binary logarithm of the second moment of the gradient of the scores at d = 512 "
            "over that at d = 128, per doubling of d, for a random gradient of the weights, "
            "averaged over draws."
        ),
        prediction=POWER,
        band=around(POWER, 0.1),
        reason="A tenth: few rows with nearly equal scores make up the mean, so draws stray.",
        departure=NETWORK.replace("before training", "with a random gradient, before training"),
        remark="The limit for large d is -1/2; rows with two nearly equal scores make it up.",
        control=ROOT,
        rival=Rival("It falls like one over d.", -1.0),
    ),
    of_saturation(
        id="attention-gradient-typical",
        statement=(
            "Without a scale the gradient that comes through the softmax of attention typically "
            "falls exponentially in the root of d, by the lead of the largest of 28 Gaussians."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Saturation”"),
        quantity="log_fall.apart_plain",
        measured_as=(
            "The mean logarithm of the root of the sum of the squared derivatives of a row, at "
            "d = 128 less that at d = 512, over the difference of the roots of d, averaged over "
            "draws."
        ),
        prediction=expected_lead(TOKENS),
        band=within(expected_lead(TOKENS), 0.1),
        reason="A tenth: rows whose two largest scores are nearly equal depart from it.",
        remark="The typical row is the geometric mean, and it is far below the average.",
        control=ROOT,
        rival=Rival("It falls as on average, by the power -1/4.", log(2) / 2 / (sqrt(512) / 2)),
    ),
)

OF_EMBEDDINGS = (
    of_embedding(
        id="tied-head-repeats-one",
        statement=(
            "A head tied to an embedding of variance 1, as nn.Embedding draws it, begins with a "
            "loss of about the width, on the embedding of a token that another one follows."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Embeddings and a tied head”"),
        quantity="differ_loss.tied_one",
        measured_as=(
            "The cross-entropy of the next grey level, in nats, over pairs of pixels that differ, "
            "where the stream is the normalised embedding of the present one, averaged over draws."
        ),
        prediction=WIDTH * OWN,
        band=within(WIDTH * OWN, 0.03),
        reason="Three per cent: a norm strays by that much, and one grey level is in most pairs.",
        remark="The logit of the token itself is the width times the size of the embedding.",
        control=NegativeControl("Take the variance 1/n.", {"heads.tied_one.variance": "inverse"}),
        rival=Rival("The logits are independent Gaussians of variance n.", LARGE_LOGITS),
    ),
    of_embedding(
        id="tied-head-repeats-inverse",
        statement=(
            "A head tied to an embedding of variance 1/n begins with a loss of about the root of "
            "the width n, on the embedding of a token that another one follows."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Embeddings and a tied head”"),
        quantity="differ_loss.tied_inverse",
        measured_as=(
            "The cross-entropy of the next grey level, in nats, over pairs of pixels that differ, "
            "where the stream is the normalised embedding of the present one, averaged over draws."
        ),
        prediction=sqrt(WIDTH) * OWN,
        band=within(sqrt(WIDTH) * OWN, 0.03),
        reason="Three per cent: a norm strays by that much, and one grey level is in most pairs.",
        remark="Where the same token follows, the loss is next to nothing.",
        control=NegativeControl(
            "Take a stream that is independent of the embedding.",
            {"heads.tied_inverse.stream": "other"},
        ),
        rival=Rival("The logits are independent Gaussians of variance 1.", UNIT_LOGITS),
    ),
    of_embedding(
        id="embedding-head-inverse",
        statement=(
            "With an embedding of variance 1/n as the last layer, and a normalised stream that is "
            "independent of the embedding, training begins with the loss of logits of variance 1."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Embeddings and a tied head”"),
        quantity="first_loss.other_inverse",
        measured_as="The cross-entropy of 256 grey levels, in nats, over pairs and draws.",
        prediction=UNIT_LOGITS,
        band=within(UNIT_LOGITS, 0.02),
        reason="Two per cent, four times what draws make; equal probabilities are eight off.",
        remark="About half a nat more than ln 256, as for any classifier with such a last layer.",
        control=NegativeControl("Take the variance 1.", {"heads.other_inverse.variance": "one"}),
        rival=Rival("All grey levels are equally likely.", log(GREYS)),
    ),
    of_embedding(
        id="embedding-head-one",
        statement=(
            "With an embedding of variance 1 as the last layer, logits have variance n, and "
            "training begins with a loss of the size of the largest logit."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “Embeddings and a tied head”"),
        quantity="first_loss.other_one",
        measured_as="The cross-entropy of 256 grey levels, in nats, over pairs and draws.",
        prediction=LARGE_LOGITS,
        band=within(LARGE_LOGITS, 0.05),
        reason="Five per cent: the logits of a pair stray by a third of this.",
        remark="About √n times the mean of the largest of 256 standard Gaussians.",
        control=NegativeControl("Take the variance 1/n.", {"heads.other_one.variance": "inverse"}),
        rival=Rival("All grey levels are equally likely.", log(GREYS)),
    ),
)

CLAIMS = (*OF_SCORES, *OF_SOFTMAX, *OF_VALUES, *OF_SATURATION, *OF_EMBEDDINGS)
