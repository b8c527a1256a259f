"""A drawing of what one update does to a network that is four times as wide."""

from study.drawings.canvas import Drawing, axis, bar, number, words
from study.theory.width import PLACES, Rule, powers_of_rule, update_powers

FACTOR = 4
NAMES = {"first": "first", "hidden": "hidden", "last": "outputs"}
RULES: dict[str, Rule] = {"one rate for all": "standard", "maximal": "maximal"}


def four_times_as_wide() -> Drawing:
    """By Adam with one rate a network four times as wide moves four and eight times as far."""
    floor, scale = 176.0, 15.0
    parts = [words((8, 24), "four times as wide: moves by Adam", anchor="start", bold=True)]
    numbers: dict[str, float] = {"factor": FACTOR}
    for at, (name, rule) in enumerate(RULES.items()):
        left = 10 + 178 * at
        law = update_powers(powers_of_rule(rule, "adam"), "adam")
        parts += [
            axis((left, floor), (left + 162, floor)),
            words((left, floor + 46), name, anchor="start"),
        ]
        for order, place in enumerate(PLACES):
            x, move = left + 26 + 54 * order, FACTOR ** law[place]
            parts += [
                bar((x, floor), scale * move, width=36, key=f"{name} {place}", pale=True),
                words((x, floor - scale * move - 6), number(move), tone="signal", bold=True),
                words((x, floor + 20), NAMES[place], size=13),
            ]
            numbers[f"{name} {place}"] = move
    moves = {
        name: ", ".join(number(numbers[f"{name} {place}"]) for place in PLACES) for name in RULES
    }
    return Drawing(
        title="One update of a network four times as wide",
        text=f"Six bars, how far an update by Adam moves the first layer, the hidden layer and the "
        f"outputs of a network {FACTOR} times as wide as another, in moves of that one. With one "
        f"rate for all layers: {moves['one rate for all']}. By the maximal rule: "
        f"{moves['maximal']}.",
        height=floor + 58,
        parts=tuple(parts),
        numbers=numbers,
    )
