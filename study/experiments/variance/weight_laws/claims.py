"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, NegativeControl, around
from study.theory.sources import FROM_SCRATCH_NOTE, NORMALISATION_NOTE, SHORT_NOTE, THIS_STUDY

SECTION = "chapter The gain of tanh, section “The law of the weights”"
SHORT = "Some hundred updates of training for small networks at one learning rate, on MNIST."
WORSE = Band(1.1, 100.0)
WORSE_REASON = (
    "At least a tenth more loss: the source gives no number, and less would not be worth a choice. "
    "The prediction is the least that counts."
)
MOST = Band(0.5, 1.5)
MOST_REASON = (
    "More than half of what is learnt: the source gives no number, and what is key should decide "
    "about that. More than all is lost where a network does worse than a guess."
)
DERIVED = "derivation-weight-law"
TOO_SMALL = 0.1

CLAIMS = (
    Claim(
        id="s003-gaussian-fair-chance",
        statement=(
            "Weights should be Gaussian at the beginning, so that everything has a fair chance of "
            "training: weights of ±1 times the same standard deviation train worse."
        ),
        source=NORMALISATION_NOTE.at(
            "section normalization, “You essentially want them to be gaussian”"
        ),
        quantity="loss_over_gaussian.relu_signs",
        prediction=WORSE.low,
        band=WORSE,
        reason=WORSE_REASON,
        departure=(
            f"{SHORT} The note names no network and no other law; ±1 is as far from Gaussian as a "
            "symmetric law can be. The note speaks of the neurons' values and we read it of the "
            "weights; the preactivations of a wide layer are nearly Gaussian in any case."
        ),
        remark=(
            "The validation loss with weights of ±1 over that with Gaussian ones, at equal "
            "variance. What the recursion of the second moment needs is mean 0, the variance and "
            "symmetry (weight-law-does-not-matter)."
        ),
        control=NegativeControl(
            "Give the weights of ±1 a tenth of the deviation.", {"arms.relu_signs.scale": TOO_SMALL}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="weight-law-does-not-matter",
        statement=(
            "The second moment passes ReLU layers alike with weights of ±1 and Gaussian ones."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="factor_over_gaussian.signs",
        prediction=1.0,
        band=around(1.0, 0.05),
        reason=(
            "Five per cent: the law is exact in expectation, but images resemble each other, so a "
            "draw has few independent values."
        ),
        remark="The mean factor per layer with weights of ±1 over that with Gaussian ones.",
        control=NegativeControl(
            "Halve the variance of the weights of ±1.", {"factor.weight_variances.signs": 1.0}
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="s004-gaussian-not-trained-well",
        statement="Networks with Gaussian weights do not train as well as with uniform ones.",
        source=FROM_SCRATCH_NOTE.at(
            "section 2.1.2, bullet “Gaussian(, bell shaped, normal distributions)”"
        ),
        quantity="loss_over_uniform.tanh_gaussian",
        prediction=WORSE.low,
        band=WORSE,
        reason=WORSE_REASON,
        departure=(
            f"{SHORT} Networks of tanh units with the variance of Glorot and Bengio, whose paper "
            "the note reports; that paper draws its weights uniformly and compares no laws."
        ),
        remark=(
            "The validation loss with Gaussian weights over that with uniform ones, at equal "
            "variance. A difference of a hundredth is not excluded; the band asks for a "
            "tenth. The paper's point is the variance, which the note leaves out here."
        ),
        control=NegativeControl(
            "Give the Gaussian weights a tenth of the deviation.",
            {"arms.tanh_gaussian.scale": TOO_SMALL},
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="s000-careful-init-is-key",
        statement="Careful initialisation is key for good performance.",
        source=SHORT_NOTE.at("“Careful initialization is key for good NN performance”"),
        quantity="lost_share.deep",
        prediction=1.0,
        band=MOST,
        reason=MOST_REASON,
        departure=(
            f"{SHORT} A deep network; the note names none for this sentence, and its own has one "
            "hidden layer."
        ),
        remark=(
            "The share that weights of a tenth or of ten times the usual deviation, whichever "
            "costs less, lose of what the usual ones learn. For the note's own network of one "
            "hidden layer the statement holds in part only: there the worse of the two costs "
            "much, but less than half (careful-init-matters-little-when-shallow). Depth raises the "
            "error of scale to a power."
        ),
        control=NegativeControl(
            "Take one hidden layer.",
            {
                "arms.deep_tenth.hidden_layers": 1,
                "arms.deep_one.hidden_layers": 1,
                "arms.deep_ten.hidden_layers": 1,
            },
        ),
        derivation=DERIVED,
    ),
    Claim(
        id="careful-init-matters-little-when-shallow",
        statement=(
            "With one hidden layer of 50 units the scale of the weights decides about less than "
            "half of what is learnt."
        ),
        source=THIS_STUDY.at(SECTION),
        quantity="lost_share.shallow",
        prediction=0.0,
        band=around(0.0, MOST.low),
        reason="Less than half of what is learnt: what is key would decide about more than half.",
        remark=(
            "The same share as for s000-careful-init-is-key, in the worse of the two cases. The "
            "output is a hundredth or a hundred times the usual one here."
        ),
        control=NegativeControl(
            "Take twelve hidden layers.",
            {
                "arms.shallow_tenth.hidden_layers": 12,
                "arms.shallow_one.hidden_layers": 12,
                "arms.shallow_ten.hidden_layers": 12,
            },
        ),
        derivation=DERIVED,
    ),
)
