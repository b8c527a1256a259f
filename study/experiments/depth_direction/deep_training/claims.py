"""What is claimed, what it predicts, and what must not agree."""

from study.record.claims import Band, Claim, Kind, NegativeControl
from study.theory.sources import FROM_SCRATCH_NOTE, PENNINGTON_2017, THIS_STUDY

HERE = "chapter Depth 1000, direction, section “What it means for training”"
SHALLOW = NegativeControl("Take away all but eight layers.", {"depth": 8})
LABEL = "what-it-means-for-training"
DEPTH, WIDTH, UPDATES = 1000, 64, 100
MEASURED = (
    f"{DEPTH} layers of width {WIDTH} on MNIST, {UPDATES} updates of plain descent, the best of "
    "the learning rates; what comes later was not measured. At quick size 120 layers, 40 updates."
)
A_QUARTER = (
    "A quarter of what the orthogonal network learns: the last losses of a network that learns "
    "nothing scatter by a hundredth or two about that of a guess."
)

CLAIMS = (
    Claim(
        id="he-thousand-layers-train",
        kind=Kind.LAW,
        statement=(
            "With a thousand layers the gradients vanish under Glorot's initialisation; with "
            "He's, a network as deep learns."
        ),
        source=FROM_SCRATCH_NOTE.at(
            "sections 2.1.2, “If we got 1000 layers, vanishing gradients problem emerges”, and "
            "2.1.3, “to avoid vanishing gradient”"
        ),
        quantity="learnt_over_orthogonal.he_relu",
        prediction=1.0,
        band=Band(0.5, 1000.0),
        reason="At least half of what a network of equal depth learns that keeps directions apart.",
        departure=f"The note leaves it at the question; the second half is its answer. {MEASURED}",
        remark=(
            "The share of the loss of a guess that is gone, over the same share of the orthogonal "
            "tanh network. That the signal vanishes before is s004-thousand-layers-vanish, which "
            "is about size; this is about direction."
        ),
        control=SHALLOW,
        derivation=LABEL,
    ),
    Claim(
        id="right-size-is-not-enough",
        kind=Kind.LAW,
        statement=(
            f"In its first {UPDATES} updates a ReLU network of {DEPTH} layers learns nothing even "
            "if each layer's signal is given exactly the right size."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="learnt_over_orthogonal.he_relu_rescaled",
        prediction=0.0,
        band=Band(-0.25, 0.25),
        reason=A_QUARTER,
        departure=MEASURED,
        remark=(
            "All images have become one direction, and one direction tells no digits apart. Only "
            "learning rates count whose losses stay finite; with none the value is not a number."
        ),
        control=SHALLOW,
        derivation=LABEL,
    ),
    Claim(
        id="orthogonal-tanh-thousand",
        kind=Kind.LAW,
        statement=(
            f"A tanh network of {DEPTH} layers with orthogonal weights of unit gain learns in its "
            f"first {UPDATES} updates, without normalisation and without skip connections."
        ),
        source=PENNINGTON_2017.at("abstract, on orthogonal weights and sigmoidal networks"),
        quantity="learnt.orthogonal_tanh",
        prediction=0.05,
        band=Band(0.01, 1.0),
        reason=(
            "One per cent of the loss of a guess: several times the scatter of a network that "
            "learns nothing. How much more it is depends on the updates, which are few here."
        ),
        departure=f"The paper trains to the end and measures how fast. {MEASURED}",
        remark="The share of the loss of a guess that is gone in the last ten updates.",
        control=NegativeControl(
            "Give it Gaussian weights of the same variance.",
            {"arms.orthogonal_tanh.distribution": "gaussian"},
        ),
        derivation=LABEL,
    ),
    Claim(
        id="gaussian-tanh-thousand",
        kind=Kind.LAW,
        statement=(
            f"A tanh network of {DEPTH} layers with Gaussian weights of unit gain learns next to "
            f"nothing in its first {UPDATES} updates."
        ),
        source=THIS_STUDY.at(HERE),
        quantity="learnt_over_orthogonal.gaussian_tanh",
        prediction=0.0,
        band=Band(-0.25, 0.25),
        reason=A_QUARTER,
        departure=MEASURED,
        remark="Equal data, equal order, equal rates; only the law of the weights differs.",
        control=NegativeControl(
            "Give it orthogonal weights as well.", {"arms.gaussian_tanh.distribution": "orthogonal"}
        ),
        derivation=LABEL,
    ),
)
