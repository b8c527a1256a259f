import numpy as np


def four_times_as_wide() -> dict[str, float]:
    """By sums of alike terms, in networks of 16 and 64 units that are all ones."""

    def moves(units: int, hidden_rate: float, last: float, last_rate: float) -> list[float]:
        activations = np.ones(units)
        hidden = (np.full((units, units), hidden_rate) @ activations).max()
        # The larger of what the last weights do and of what comes through them.
        outputs = max((np.full(units, last) * hidden).sum(), last_rate * activations.sum() / 64)
        return [1.0, float(hidden), float(outputs)]

    rules = {
        "one rate for all": [moves(n, 1.0, n**-0.5, 1.0) for n in (16, 64)],
        "maximal": [moves(n, 16 / n, 4.0 / n, 16 / n) for n in (16, 64)],
    }
    numbers: dict[str, float] = {"factor": 4}
    for name, (narrow, wide) in rules.items():
        ratios = np.array(wide) / np.array(narrow)
        numbers |= {
            f"{name} {place}": float(ratio)
            for place, ratio in zip(("first", "hidden", "last"), ratios, strict=True)
        }
    return numbers
