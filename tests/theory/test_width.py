"""Powers of the width against a network whose updates are worked out in plain NumPy."""

import numpy as np
import pytest

from study.errors import StudyError
from study.theory.width import (
    PLACES,
    Optimiser,
    Place,
    Powers,
    Rule,
    powers_of_rule,
    update_powers,
)

WIDTHS = (128, 512, 2048)
RULES: tuple[tuple[Rule, Optimiser], ...] = (
    ("standard", "descent"),
    ("standard", "adam"),
    ("maximal", "descent"),
    ("maximal", "adam"),
)


def moves(powers: dict[Place, Powers], optimiser: Optimiser, width: int) -> list[float]:
    """Return how far one small update of a linear network moves each layer, for one input."""
    random = np.random.default_rng(width)
    shapes = {"first": (width, 8), "hidden": (width, width), "last": (3, width)}
    weights = [
        float(width) ** powers[place].size * random.standard_normal(shapes[place])
        for place in PLACES
    ]
    x = random.standard_normal(8)

    def layers(matrices: list[np.ndarray]) -> list[np.ndarray]:
        first = matrices[0] @ x
        return [first, matrices[1] @ first, matrices[2] @ (matrices[1] @ first)]

    before = layers(weights)
    outputs = np.array([0.5, -0.25, -0.25])  # the gradient of the outputs
    second = weights[2].T @ outputs
    gradients = [
        np.outer(weights[1].T @ second, x),
        np.outer(second, before[0]),
        np.outer(outputs, before[1]),
    ]
    if optimiser == "adam":
        gradients = [np.sign(gradient) for gradient in gradients]
    moved = [
        weight - 1e-9 * float(width) ** powers[place].rate * gradient
        for place, weight, gradient in zip(PLACES, weights, gradients, strict=True)
    ]
    after = layers(moved)
    return [
        float(np.sqrt(np.mean(np.square(new - old))))
        for new, old in zip(after, before, strict=True)
    ]


@pytest.mark.parametrize(("rule", "optimiser"), RULES)
def test_a_small_update_moves_layers_by_these_powers(rule: Rule, optimiser: Optimiser) -> None:
    powers = powers_of_rule(rule, optimiser)
    measured = np.log2([moves(powers, optimiser, width) for width in WIDTHS])
    slopes = np.polyfit(np.log2(WIDTHS), measured, 1)[0]
    expected = update_powers(powers, optimiser)
    assert slopes == pytest.approx([expected[place] for place in PLACES], abs=0.2)


def test_the_standard_rule_moves_layers_unequally_and_the_maximal_one_alike() -> None:
    by_hand = ((-0.5, 0.5, 1.0), (0.0, 1.0, 1.5), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    for (rule, optimiser), powers in zip(RULES, by_hand, strict=True):
        found = update_powers(powers_of_rule(rule, optimiser), optimiser)
        assert tuple(found.values()) == powers


def test_no_rule_is_refused() -> None:
    with pytest.raises(StudyError, match="choose standard or maximal, descent or adam"):
        powers_of_rule("other", "adam")  # type: ignore[arg-type]
