"""What is claimed, what it predicts, and what must not agree."""

from functools import partial

from study.record.claims import Claim, Kind, NegativeControl, Rival, around
from study.theory.sources import THIS_STUDY
from study.theory.width import Optimiser, Place, Rule, powers_of_rule, update_powers

CHAPTER = "chapter Width and learning rate, section"
NETWORK = (
    "Two hidden ReLU layers of width 128 to 1024 without biases, in float64, at learning rates so "
    "small that updates are of first order; 16 images of MNIST, averaged down to 2 by 2 pixels, "
    "and a random gradient of the outputs make each update. At quick size the widths are 256 and "
    "1024."
)
BAND = 0.15
REASON = (
    "Fifteen hundredths, a third of the distance to the next half power: at these widths terms of "
    "lower powers still count a little, and a draw strays by a tenth."
)
NAMES: dict[Optimiser, str] = {"descent": "plain gradient descent", "adam": "Adam"}
LAYERS: dict[Place, str] = {
    "first": "first layer's preactivations",
    "hidden": "last hidden layer's preactivations",
    "last": "outputs",
}
WORDS = {
    -0.5: "less, by one over the root of the width",
    0.5: "more, by the root of the width",
    1.0: "more, in proportion to the width",
    1.5: "more, by the power three halves of the width",
}

CHANGES = {"rule": "Take the maximal rule.", "optimiser": "Update by plain descent."}


def prediction(rule: Rule, optimiser: Optimiser, place: Place) -> float:
    """Return the power of the width with which a layer moves."""
    return update_powers(powers_of_rule(rule, optimiser), optimiser)[place]


def measured_as(place: Place, updates: int, beside: str = "") -> str:
    """Say what is measured."""
    after = "one update" if updates == 1 else f"{updates} updates"
    return (
        f"The slope of the binary logarithm of how far {after} moved the {LAYERS[place]}"
        f"{beside or ','} a root mean square over images, by that of the width, averaged over "
        "draws."
    )


of_width = partial(Claim, kind=Kind.LAW, departure=NETWORK)


def standard(optimiser: Optimiser, place: Place, rival: Rival, field: str, value: str) -> Claim:
    """Return the claim on a layer under the standard rule."""
    power = prediction("standard", optimiser, place)
    name = f"standard_{optimiser}"
    # By Adam both the last weights and what they read move the outputs; the latter soon outgrows.
    through = optimiser == "adam" and place == "last"
    beside = ", through the last weights as they started," if through else ""
    return of_width(
        id=f"standard-{optimiser}-moves-{place}",
        statement=(
            "With weight variances over fan_in and one learning rate, one update by "
            f"{NAMES[optimiser]} moves the {LAYERS[place]} of a wider network{beside} "
            f"{WORDS[power]}."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What one update does”"),
        quantity=f"power.{name}_{'through' if through else place}_1",
        measured_as=measured_as(place, 1, beside),
        prediction=power,
        band=around(power, BAND),
        reason=REASON,
        remark="A power of the width, for large widths and small learning rates.",
        control=NegativeControl(CHANGES[field], {f"arms.{name}.{field}": value}),
        rival=rival,
        derivation="derivation-width-updates",
    )


def maximal(optimiser: Optimiser, place: Place, updates: int) -> Claim:
    """Return the claim on a layer under the maximal rule."""
    name = f"maximal_{optimiser}"
    moves, ending = (
        ("one update moves", "") if updates == 1 else (f"{updates} updates move", "-later")
    )
    return of_width(
        id=f"maximal-{optimiser}-moves-{place}{ending}",
        statement=(
            "With a smaller last layer and learning rates of their own for each kind of layer, as "
            f"the maximal update parametrisation has them, {moves} the {LAYERS[place]} by as much "
            f"at any width, by {NAMES[optimiser]}."
        ),
        source=THIS_STUDY.at(f"{CHAPTER} “What keeps the updates”"),
        quantity=f"power.{name}_{place}_{updates}",
        measured_as=measured_as(place, updates),
        prediction=prediction("maximal", optimiser, place),
        band=around(0.0, BAND),
        reason=REASON,
        remark="A power of the width, for large widths and small learning rates.",
        control=NegativeControl("Take the standard rule.", {f"arms.{name}.rule": "standard"}),
        rival=Rival(
            "It moves as under the standard rule.", prediction("standard", optimiser, place)
        ),
        derivation="derivation-maximal-updates",
    )


BY_NOTHING = Rival("It moves by as much at any width.", 0.0)

CLAIMS = (
    standard("descent", "first", BY_NOTHING, "rule", "maximal"),
    standard("descent", "hidden", BY_NOTHING, "rule", "maximal"),
    standard("descent", "last", Rival("By the root of the width.", 0.5), "rule", "maximal"),
    standard("adam", "hidden", Rival("As by plain descent.", 0.5), "optimiser", "descent"),
    standard("adam", "last", Rival("As by plain descent.", 1.0), "optimiser", "descent"),
    maximal("descent", "first", 1),
    maximal("descent", "hidden", 1),
    maximal("descent", "last", 1),
    maximal("adam", "hidden", 1),
    maximal("adam", "last", 1),
    maximal("descent", "hidden", 2),
    maximal("adam", "hidden", 2),
)
