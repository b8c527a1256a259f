import numpy as np


def two_equal_units() -> dict[str, float]:
    """By matrices, and the steps by differences of the output."""
    x, below, above = np.array([1.0, 2.0]), np.full((2, 2), 0.5), np.full((1, 2), 0.5)
    output = float((above @ below @ x)[0])

    def slope(column: int) -> float:
        moved = below.copy()
        moved[1, column] += 1e-3
        return float((above @ moved @ x)[0] - output) * 1e3

    return {
        "weight": 0.5,
        "first input": 1,
        "second input": 2,
        "hidden": float((below @ x)[0]),
        "output": output,
        "back": 1,
        "returned": float(above[0, 0]),
        "first step": slope(0),
        "second step": slope(1),
    }


def one_dropped_of_two() -> dict[str, float]:
    """By the mean over all masks of two units of which one is kept."""
    masks = np.array([[0.0, 1.0], [1.0, 0.0]]) * 2
    numbers: dict[str, float] = {}
    for name, units in (("evaluation", np.ones((1, 2))), ("training", masks)):
        numbers |= {f"{name} {place}": float(units[0, place]) for place in (0, 1)}
        numbers[f"{name} mean"] = float(units.mean())
        numbers[f"{name} mean square"] = float(np.square(units).mean())
    return numbers
