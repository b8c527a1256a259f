import numpy as np


def outputs_against_targets() -> dict[str, float]:
    """By broadcasting, and by variances and a covariance."""
    outputs, targets = np.array([1.0, 2.0, 6.0]), np.array([0.0, 4.0, 5.0])
    squares = np.square(np.subtract.outer(outputs, targets))
    every = outputs.var() + targets.var() + (outputs.mean() - targets.mean()) ** 2
    covariance = np.cov(outputs, targets, bias=True)[0, 1]
    return {
        **{f"output {at}": float(output) for at, output in enumerate(outputs)},
        **{f"target {at}": float(target) for at, target in enumerate(targets)},
        **{
            f"square {row} {column}": float(squares[row, column])
            for row, column in np.ndindex(3, 3)
        },
        "mean of the diagonal": float(every - 2 * covariance),
        "mean of all": float(every),
    }


def two_costs_of_one_output() -> dict[str, float]:
    """By differences of both costs on either side of the output."""
    sides = np.array([-5 - 1e-4, -5 + 1e-4])
    probability = 1 / (1 + np.exp(-sides))
    steep, flat = (
        float(abs(np.diff(cost)[0]) / 2e-4)
        for cost in (-np.log(probability), np.square(1 - probability))
    )
    return {"wrong": -5, "zero": 0, "target": 1, "steep": steep, "flat": flat}


def loss_of_three_logits() -> dict[str, float]:
    """By the mean of the losses with each class as the label."""
    numbers: dict[str, float] = {}
    for at, size in enumerate((0.0, 1.0, 4.0)):
        powers = np.exp(size * np.array([-1.0, 0.0, 1.0]))
        numbers[f"loss {at}"] = float(-np.log(powers / powers.sum()).mean())
        numbers[f"size {at}"] = size
        if size:
            numbers[f"minus size {at}"] = -size
    return numbers
