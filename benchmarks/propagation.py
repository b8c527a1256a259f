"""Propagation against the plain matrix products that it must do, at the reference size.

Both run in this process, in turn, so that a noisy machine disturbs both. The ratio is what
counts; it includes drawing the weights and taking all statistics.
"""

from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from omegaconf import OmegaConf

from study import catalogue, configuring
from study.experiments import relu_second_moment as experiment
from study.lab.propagation import propagate

ROUNDS = 15
NAME = "relu_second_moment"


def main() -> None:
    """Print the seconds of each and their ratio."""
    root = OmegaConf.load(Path(configuring.CONF, "config.yaml"))
    torch.set_num_threads(root.threads)
    plain = configuring.plain_settings(NAME, "reference")
    config = configuring.checked(catalogue.load(NAME).config, plain)
    inputs = torch.randn(config.images, 784)

    def propagation(draw: int) -> None:
        weights, cotangent = experiment.draw_network(config, draw, inputs)
        for arm in config.arms.values():
            propagate(
                inputs, cotangent, weights, weight_variance=arm.weight_variance, slope=arm.slope
            )

    weights, cotangent = experiment.draw_network(config, 0, inputs)
    outputs = [torch.empty(config.images, config.width) for _ in range(2)]

    def products() -> None:
        for _ in config.arms:
            signal = inputs
            for at, matrix in enumerate(weights):
                signal = torch.mm(signal, matrix.T, out=outputs[at % 2])
            gradient = cotangent
            for at, matrix in enumerate(reversed(weights[1:])):
                gradient = torch.mm(gradient, matrix, out=outputs[at % 2])

    seconds: dict[str, list[float]] = {"propagation": [], "products": [], "ratio": []}
    for round_ in range(ROUNDS):
        start = perf_counter()
        propagation(round_)
        middle = perf_counter()
        products()
        end = perf_counter()
        seconds["propagation"].append(middle - start)
        seconds["products"].append(end - middle)
        seconds["ratio"].append((middle - start) / (end - middle))
    print(f"{NAME}: {len(config.arms)} arms, one draw, {root.threads} threads")
    for label, numbers in seconds.items():
        print(f"  {label:12s} median {median(numbers):.3f}, least {min(numbers):.3f}")


if __name__ == "__main__":
    main()
