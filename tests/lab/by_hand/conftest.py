"""What the tests of gradients by hand share: numbers, autograd and finite differences."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

EPSILON = 2.0**-52  # of float64: two roundings
STEP = 2.0**-17  # about the cube root of EPSILON, at which both errors below are small

Tensors = Sequence[Tensor]


@pytest.fixture(scope="session")
def normal() -> Callable[..., Tensor]:
    """Draw standard normal numbers in float64, the same for the same shape and seed."""

    def draw(*shape: int, seed: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    return draw


@pytest.fixture(scope="session")
def autograd() -> Callable[[Callable[..., Tensor], Tensors, Tensor], list[Tensor]]:
    """Give the gradients of ``(function(*inputs) * cotangent).sum()`` by autograd."""

    def gradients(
        function: Callable[..., Tensor], inputs: Tensors, cotangent: Tensor
    ) -> list[Tensor]:
        leaves = [tensor.clone().requires_grad_() for tensor in inputs]
        return list(torch.autograd.grad(function(*leaves), leaves, cotangent))

    return gradients


@pytest.fixture(scope="session")
def differences() -> Callable[[Callable[..., Tensor], Tensors, Tensor], list[Tensor]]:
    """Give the same gradients by central differences, entry by entry."""

    def gradients(
        function: Callable[..., Tensor], inputs: Tensors, cotangent: Tensor
    ) -> list[Tensor]:
        found = []
        for at, tensor in enumerate(inputs):
            slopes = torch.zeros_like(tensor)
            for entry in range(tensor.numel()):
                ends = []
                for sign in (1, -1):
                    moved = [other.clone() for other in inputs]
                    moved[at].view(-1)[entry] += sign * STEP
                    ends.append((function(*moved) * cotangent).sum())
                slopes.view(-1)[entry] = (ends[0] - ends[1]) / (2 * STEP)
            found.append(slopes)
        return found

    return gradients


@pytest.fixture(scope="session")
def same() -> Callable[[Tensors, Tensors], None]:
    """Demand that gradients agree up to rounding.

    The sums here have fewer than 100 terms below 10, so 100 roundings of numbers below 100 may
    separate two orders of summing: 2e-12. A missing factor is larger by many powers of ten.
    """

    def check(found: Tensors, expected: Tensors) -> None:
        assert [tensor.shape for tensor in found] == [tensor.shape for tensor in expected]
        for one, other in zip(found, expected, strict=True):
            assert one.dtype == other.dtype
            torch.testing.assert_close(one, other, rtol=0, atol=100 * 100 * EPSILON)

    return check


@pytest.fixture(scope="session")
def near() -> Callable[[Tensors, Tensors], None]:
    """Demand that gradients agree up to what central differences leave.

    They are off by STEP² / 6 times a third derivative, below 100 here: 1e-9; and by the rounding of
    the two ends, numbers below 100, over STEP: 3e-9. Twice the sum is allowed.
    """

    def check(found: Tensors, expected: Tensors) -> None:
        for one, other in zip(found, expected, strict=True):
            bound = 2 * (STEP**2 / 6 * 100 + 100 * EPSILON / STEP)
            torch.testing.assert_close(one, other, rtol=0, atol=bound)

    return check
