"""Stage 5: the same network in ``torch.nn``, whose backward pass is that of autograd."""

import torch
from torch import Tensor, nn

from study.lab.by_hand import modules
from study.lab.by_hand.functions import SHIFT


class ShiftedRelu(nn.Module):
    """ReLU minus one half, which ``torch.nn`` does not have; its forward pass is all it needs."""

    def forward(self, z: Tensor) -> Tensor:
        """Return the activation, of the shape of ``z``."""
        return torch.relu(z) - SHIFT


class MeanSquaredError(nn.Module):
    """``torch.nn.MSELoss`` for outputs (n, 1) and targets (n,)."""

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss."""
        return nn.functional.mse_loss(outputs.squeeze(1), targets)


def as_torch(chain: modules.Model) -> tuple[nn.Sequential, nn.Module]:
    """Build a chain's network and its loss in ``torch.nn``, with copies of the same weights.

    Args:
        chain: the network by hand.

    Returns:
        The network, from inputs to outputs, and the loss of outputs and targets.

    **Shapes**: a weight of ``torch.nn.Linear`` is (fan_out, fan_in), the transpose of ours.

    Raises:
        TypeError: for a module that has no counterpart here.
    """
    return nn.Sequential(*map(module_as_torch, chain.modules)), module_as_torch(chain.loss)


def module_as_torch(module: modules.Module) -> nn.Module:
    """Build one module in ``torch.nn``, with copies of the same parameters.

    Args:
        module: by hand.

    Returns:
        The counterpart.

    Raises:
        TypeError: if there is none.
    """
    plain: dict[type[modules.Module], type[nn.Module]] = {
        modules.Relu: nn.ReLU,
        modules.ShiftedRelu: ShiftedRelu,
        modules.Tanh: nn.Tanh,
        modules.Flatten: nn.Flatten,
        modules.MeanSquaredError: MeanSquaredError,
        modules.CrossEntropy: nn.CrossEntropyLoss,
    }
    if type(module) in plain:
        return plain[type(module)]()
    values = list(module.parameters.values())
    counterpart = _empty_counterpart(module)
    with torch.no_grad():
        for parameter, value in zip(counterpart.parameters(), values, strict=True):
            transposed = isinstance(module, modules.Linear) and value.ndim == 2
            parameter.copy_(value.T if transposed else value)
    return counterpart


def gradients_by_autograd(x: Tensor, targets: Tensor, chain: modules.Model) -> list[Tensor]:
    """Compute the gradients of a chain of linear layers and activations by autograd.

    Args:
        x: the images.
        targets: what the outputs should be.
        chain: the network by hand.

    Returns:
        The gradients with respect to the input and all parameters, in the order and with the
        shapes of the chain.
    """
    network, loss = as_torch(chain)
    variables = [x.clone().requires_grad_(), *network.parameters()]
    dx, *parameter_gradients = torch.autograd.grad(loss(network(variables[0]), targets), variables)
    return [
        dx,
        *(gradient.T if gradient.ndim == 2 else gradient for gradient in parameter_gradients),
    ]


def _empty_counterpart(module: modules.Module) -> nn.Module:
    """Return a counterpart with uninitialised parameters.

    Made on the meta device first, where torch draws no initial weights from its global generator.
    """
    first = next(iter(module.parameters.values()), torch.empty(0))
    match module:
        case modules.Linear():
            fan_in, fan_out = first.shape
            counterpart: nn.Module = nn.Linear(fan_in, fan_out, device="meta")
        case modules.LeakyRelu():
            counterpart = nn.PReLU(device="meta")
        case modules.Convolution():
            out, channels, *kernel = first.shape
            counterpart = nn.Conv2d(
                channels,
                out,
                (kernel[0], kernel[1]),
                stride=module.stride,
                padding=module.padding,
                device="meta",
            )
        case modules.BatchNormalisation():
            counterpart = nn.BatchNorm1d(len(first), module.epsilon, module.momentum).to(first)
            state = {"running_mean": module.mean.clone(), "running_var": module.variance.clone()}
            counterpart.load_state_dict(counterpart.state_dict() | state)
            return counterpart.train(module.training)
        case _:
            raise TypeError(f"{type(module).__name__} has no counterpart in torch.nn here")
    return counterpart.to(first.dtype).to_empty(device=first.device)
