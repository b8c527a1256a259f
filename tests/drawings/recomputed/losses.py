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
