"""The fans of a layer: as torch reads them from the weight's shape, and as they act."""

from dataclasses import dataclass
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd


@dataclass(frozen=True)
class Fans:
    """How many terms enter an output, and how many outputs an input enters.

    Attributes:
        torch_in: the fan_in that ``torch.nn.init`` takes.
        torch_out: its fan_out.
        terms_in: terms of the sum that makes one output, on average over the outputs; None where
            the layer is not one of torch's own, whose sums are known.
        terms_out: outputs that one input enters, on average over the inputs.
    """

    torch_in: int
    torch_out: int
    terms_in: float | None
    terms_out: float | None


def has_fans(module: nn.Module) -> TypeGuard[nn.Linear | _ConvNd]:
    """Tell whether a module is a linear layer or a convolution, transposed or not."""
    return isinstance(module, nn.Linear | _ConvNd)


def torch_fans(weight: Tensor) -> tuple[int, int]:
    """Return fan_in and fan_out as ``torch.nn.init`` reads them from the shape of a weight.

    >>> torch_fans(torch.empty(20, 5, 3, 3))
    (45, 180)
    """
    fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(weight)  # noqa: SLF001 - it is what counts
    return fan_in, fan_out


def fans(module: nn.Linear | _ConvNd, shape: tuple[int, ...]) -> Fans:
    """Count the fans of a layer at the shape of its input.

    With all weights and all inputs 1, an output is the number of its terms. This counts groups,
    strides, dilation and padding exactly; what is padded with zeros is no term.

    Args:
        module: the layer.
        shape: of its input, whose first axis counts the images.

    Returns:
        The fans.

    >>> fans(nn.Conv2d(1, 1, 3, padding=1), (1, 1, 2, 2)).terms_in
    4.0
    """
    fan_in, fan_out = torch_fans(module.weight)
    if not type(module).__module__.startswith("torch.nn.modules"):
        return Fans(fan_in, fan_out, None, None)
    inputs = torch.ones((1, *shape[1:]), dtype=torch.float64, device=module.weight.device)
    parameters = {"weight": inputs.new_ones(()).expand(module.weight.shape)}
    if module.bias is not None:
        parameters["bias"] = inputs.new_zeros(module.bias.shape)
    with torch.no_grad():
        counts = functional_call(module, parameters, (inputs,))
    terms = float(counts.sum())
    return Fans(fan_in, fan_out, terms / counts.numel(), terms / inputs.numel())
