"""Training in memory, against the usual loop over a ``DataLoader`` and against the products alone.

Two networks of the study, a batch of 64, one thread, as the study trains several side by side. In
the same run and in turn:

* the *usual loop*: ``DataLoader`` over pictures of bytes, each converted and standardised when it
  is asked for, ``zero_grad``, ``backward`` and ``torch.optim.SGD``;
* the same *over tensors* that are ready;
* the *products*: the three matrix products of each layer, the first with two, and nothing else.

Only ratios within a run count. Run it with ``nox -s benchmarks``; ``-- quick`` trains less.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset

from study.lab.inits import over_fan_in
from study.lab.mnist import Split
from study.lab.networks import classifier
from study.lab.training import Schedule, fit, sgd

BATCH = 64
PIXELS = 784
NETWORKS: dict[str, tuple[tuple[int, ...], type[nn.Module]]] = {
    "30 layers of 256, ReLU": ((PIXELS, *[256] * 29, 10), nn.ReLU),
    "5 layers of 1000, tanh": ((PIXELS, *[1000] * 5, 10), nn.Tanh),
}


def main() -> None:
    """Print seconds and ratios."""
    torch.set_num_threads(1)
    updates = 60 if "quick" in sys.argv else 300
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(256, (BATCH * updates, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(10, (len(pictures),), generator=generator)
    print(f"one thread, batch {BATCH}, {updates} updates, plain descent, float32")
    for name, (sizes, between) in NETWORKS.items():
        compare(name, partial(made, sizes, between), sizes, pictures, labels)


def made(sizes: tuple[int, ...], between: type[nn.Module]) -> nn.Sequential:
    """Draw a network."""
    images = torch.empty(0, sizes[0])
    return classifier(images, sizes[1:-1], over_fan_in(1.0), between, seed=0, draw=0)


def compare(
    name: str,
    start: Callable[[], nn.Sequential],
    sizes: tuple[int, ...],
    pictures: Tensor,
    labels: Tensor,
) -> None:
    """Train in each way, in turn, and print the medians."""
    images = pictures.flatten(1) / 255
    schedule = Schedule(BATCH, len(images) // BATCH)

    def in_memory() -> None:
        order = np.random.default_rng(0)
        examples = Split(images, labels)
        loss = functional.cross_entropy
        fit(start, loss, examples, schedule, order, optimiser=sgd(0.01), name="benchmark")

    ways: dict[str, Callable[[], object]] = {
        "in memory": in_memory,
        "usual loop": lambda: usual(start(), Pictures(pictures, labels)),
        "over tensors": lambda: usual(start(), TensorDataset(images, labels)),
        "products": lambda: products(sizes, schedule.updates),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(3):
        for way, work in ways.items():
            began = perf_counter()
            work()
            seconds[way].append(perf_counter() - began)
    typical = {way: median(times) for way, times in seconds.items()}
    print(f"{name}:")
    for way, time in typical.items():
        print(f"  {way:12s} {time:7.2f} s")
    for way in ("usual loop", "over tensors"):
        print(f"  {way} over in memory: {typical[way] / typical['in memory']:.2f}")
    print(f"  products over in memory:   {typical['products'] / typical['in memory']:.0%}")


@dataclass(frozen=True)
class Pictures(Dataset[tuple[Tensor, Tensor]]):
    """Pictures that are converted when they are asked for, as a course's data sets do."""

    bytes: Tensor
    labels: Tensor

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.bytes)

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        """Return one of them as numbers, and its label."""
        return ((self.bytes[at].float() / 255 - 0.13) / 0.31).flatten(), self.labels[at]


def usual(network: nn.Module, data: Dataset[tuple[Tensor, ...]]) -> None:
    """Train for an epoch in the usual way."""
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    for images, labels in DataLoader(data, batch_size=BATCH, shuffle=True):
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(images), labels)
        torch.autograd.backward(loss)
        optimiser.step()


def products(sizes: tuple[int, ...], updates: int) -> None:
    """Multiply what has to be multiplied."""
    layers = [
        (torch.randn(BATCH, fan_in), torch.randn(fan_out, fan_in), torch.randn(BATCH, fan_out))
        for fan_in, fan_out in pairwise(sizes)
    ]
    for _ in range(updates):
        for x, weights, _ in layers:
            x @ weights.T
        for at, (x, weights, gradient) in enumerate(layers):
            gradient.T @ x
            if at:
                gradient @ weights


if __name__ == "__main__":
    main()
