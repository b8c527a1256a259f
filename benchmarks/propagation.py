"""Propagation against the plain matrix products that it must do, at the reference size.

Both run in this process, in turn and spread over the cores in the same way, so that a noisy
machine disturbs both. The ratio is what counts; it includes drawing the weights and taking all
statistics. Run it with ``nox -s benchmarks``.
"""

from statistics import median
from time import perf_counter

import torch

from study import configuring
from study.experiments import relu_second_moment as experiment
from study.lab.parallel import cores, side_by_side

ROUNDS = 15
NAME = "relu_second_moment"


def main() -> None:
    """Print the seconds of each and their ratio."""
    torch.set_num_threads(1)
    plain = configuring.plain_settings(NAME, "reference")
    config = configuring.checked(experiment.Config, plain)
    inputs = torch.randn(config.images, 784)
    weights, cotangent = experiment.draw_network(config, 0, inputs)

    def products(_: object) -> None:
        signal, gradient = inputs, cotangent
        for matrix in weights:
            signal = torch.mm(signal, matrix.T)
        for matrix in reversed(weights[1:]):
            gradient = torch.mm(gradient, matrix)

    seconds: dict[str, list[float]] = {"propagation": [], "products": [], "ratio": []}
    for draw in range(ROUNDS):
        start = perf_counter()
        experiment.measure(config, inputs, draw)
        middle = perf_counter()
        side_by_side(products, config.arms)
        end = perf_counter()
        seconds["propagation"].append(middle - start)
        seconds["products"].append(end - middle)
        seconds["ratio"].append((middle - start) / (end - middle))
    print(f"{NAME}: {len(config.arms)} arms, one draw, {cores()} cores")
    for label, numbers in seconds.items():
        print(f"  {label:12s} median {median(numbers):.3f}, least {min(numbers):.3f}")


if __name__ == "__main__":
    main()
