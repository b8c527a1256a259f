"""Updates that are written out, beside those of torch.optim."""

from collections.abc import Iterable

import torch
from torch import Tensor


class Updates:
    """Plain descent, or Adam with the settings that torch has, on some parameters in place."""

    def __init__(self, parameters: Iterable[Tensor], optimiser: str, rate: float) -> None:
        self.parameters, self.optimiser, self.rate = [*parameters], optimiser, rate
        self.first, self.second = (
            [torch.zeros_like(weights) for weights in self.parameters] for _ in range(2)
        )
        self.count = 0

    def make(self, loss: Tensor) -> None:
        """Make one update by the gradients of a loss."""
        self.count += 1
        gradients = torch.autograd.grad(loss, self.parameters)
        with torch.no_grad():
            for at, gradient in enumerate(gradients):
                self.first[at] = 0.9 * self.first[at] + 0.1 * gradient
                self.second[at] = 0.999 * self.second[at] + 0.001 * gradient.square()
                deviation = (self.second[at] / (1 - 0.999**self.count)).sqrt()
                by_adam = self.first[at] / (1 - 0.9**self.count) / (deviation + 1e-8)
                step = by_adam if self.optimiser == "adam" else gradient
                self.parameters[at].sub_(self.rate * step)
