"""Activations and their derivatives, elementwise.

:func:`activation` finds one by its name; :data:`NAMES` lists them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from study.errors import StudyError


def leaky_relu(preactivation: Tensor, slope: float) -> Tensor:
    r"""Leaky ReLU; slope 0 is ReLU and slope 1 the identity.

    :func:`study.lab.by_hand.functions.leaky_relu` is the same formula with a slope that can be
    learned; this one takes a number and adds in place, to be fast in deep networks.

    .. math:: f(z) = \max(z, 0) + a \min(z, 0)

    Args:
        preactivation: ``z``, of any shape.
        slope: ``a``, the slope for negative inputs.

    Returns:
        The activation, of the same shape.

    **Source**: He et al. (2015), equation 1.

    >>> leaky_relu(torch.tensor([-2.0, 3.0]), slope=0.25)
    tensor([-0.5000,  3.0000])
    """
    positive = preactivation.clamp(min=0)
    return positive if slope == 0 else positive.add_(preactivation.clamp(max=0), alpha=slope)


def leaky_relu_derivative(preactivation: Tensor, slope: float) -> Tensor:
    r"""Derivative of the leaky ReLU, with the value :math:`a` at 0 as in torch.

    .. math:: f'(z) = 1 \text{ if } z > 0, \text{ else } a

    Args:
        preactivation: ``z``, of any shape.
        slope: ``a``, the slope for negative inputs.

    Returns:
        The derivative, of the same shape and type.

    >>> leaky_relu_derivative(torch.tensor([-2.0, 0.0, 3.0]), slope=0.25)
    tensor([0.2500, 0.2500, 1.0000])
    """
    # Compared into a float tensor, since converting a boolean one takes several times as long.
    active = torch.gt(preactivation, 0, out=torch.empty_like(preactivation))
    return active if slope == 0 else active.mul_(1 - slope).add_(slope)


@dataclass(frozen=True)
class Activation:
    """An activation, its derivative, and its asymptotes at 0 and at infinity.

    Attributes:
        name: unique among activations.
        function: the activation of a preactivation, elementwise.
        derivative_at: the derivative as a function of the preactivation or, if ``by_activation``,
            of the activation, which costs less. Near saturation its absolute error is that of a
            number near 1.
        near: the left and right derivative at 0. For tiny preactivations the function equals two
            straight lines of these slopes up to rounding; None if its value at 0 is not 0.
        far: likewise the slopes at minus and plus infinity, for huge preactivations; None if the
            function is bounded.
        homogeneous: whether the function equals these two lines everywhere, so that scaling the
            preactivation scales the activation.
        by_activation: whether the derivative is a function of the activation. The activation then
            has the sign of the preactivation, except for a sigmoid.
    """

    name: str
    function: Callable[[Tensor], Tensor]
    derivative_at: Callable[[Tensor], Tensor]
    near: tuple[float, float] | None
    far: tuple[float, float] | None
    homogeneous: bool = False
    by_activation: bool = False

    def derivative(self, preactivation: Tensor) -> Tensor:
        """Return the derivative, elementwise, of the same shape and type as the preactivation."""
        return self.derivative_from(preactivation, self.function(preactivation))

    def derivative_from(self, preactivation: Tensor, activation: Tensor) -> Tensor:
        """Return the derivative likewise, given the activation as well."""
        return self.derivative_at(activation if self.by_activation else preactivation)


def two_lines(preactivation: Tensor, left: float, right: float) -> tuple[Tensor, Tensor]:
    """Return the piecewise linear function with a kink at 0, and its derivative.

    >>> two_lines(torch.tensor([-2.0, 3.0]), 0.5, 2.0)
    (tensor([-1.,  6.]), tensor([0.5000, 2.0000]))
    """
    slopes = leaky_relu_derivative(preactivation, 0.0).mul_(right - left).add_(left)
    return preactivation * slopes, slopes


def activation(name: str, *, slope: float = 0.01, shift: float = 0.0) -> Activation:
    """Find an activation by its name.

    Args:
        name: one of :data:`NAMES`, the names of ``torch.nn.functional`` with ``linear`` for the
            identity and ``gelu_tanh`` for GELU by way of tanh.
        slope: of ``leaky_relu`` for negative preactivations; ignored by all others.
        shift: what is subtracted from the activation.

    Returns:
        The activation.

    Raises:
        StudyError: if there is none of this name.

    >>> activation("relu", shift=0.5).function(torch.tensor([-1.0, 2.0]))
    tensor([-0.5000,  1.5000])
    """
    if name == "leaky_relu":
        plain = _leaky(name, slope)
    elif name in _KNOWN:
        plain = _KNOWN[name]
    else:
        raise StudyError(f"activation {name!r} is unknown; choose from {', '.join(NAMES)}")
    return _shifted(plain, shift) if shift else plain


def _shifted(plain: Activation, shift: float) -> Activation:
    return Activation(
        name=f"{plain.name} - {shift!r}",
        function=lambda z: plain.function(z) - shift,
        derivative_at=plain.derivative,
        near=None,
        far=plain.far,
    )


def _leaky(name: str, slope: float) -> Activation:
    return Activation(
        name=name if name != "leaky_relu" else f"leaky_relu {slope!r}",
        function=partial(leaky_relu, slope=slope),
        derivative_at=partial(leaky_relu_derivative, slope=slope),
        near=(slope, 1.0),
        far=(slope, 1.0),
        homogeneous=True,
        by_activation=slope >= 0,
    )


def _by_autograd(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return the derivative of a function by automatic differentiation."""

    def derivative_at(preactivation: Tensor) -> Tensor:
        with torch.enable_grad():
            z = preactivation.detach().requires_grad_()
            (derivative,) = torch.autograd.grad(function(z).sum(), z)
        return derivative

    return derivative_at


def _smooth(
    name: str,
    function: Callable[[Tensor], Tensor],
    near: tuple[float, float] | None,
    far: tuple[float, float] | None,
) -> Activation:
    return Activation(name, function, _by_autograd(function), near, far)


def _tanh_derivative(h: Tensor) -> Tensor:
    return torch.square(h).neg_().add_(1)


def _sigmoid_derivative(h: Tensor) -> Tensor:
    return torch.square(h).neg_().add_(h)


def _softsign_derivative(h: Tensor) -> Tensor:
    return h.abs().neg_().add_(1).square_()


def _saturating(
    name: str,
    function: Callable[[Tensor], Tensor],
    derivative_at: Callable[[Tensor], Tensor],
    near: tuple[float, float] | None,
) -> Activation:
    return Activation(name, function, derivative_at, near, far=None, by_activation=True)


_RELU_LIKE = (0.0, 1.0)
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # as torch has them

_KNOWN: Mapping[str, Activation] = {
    activation.name: activation
    for activation in (
        _leaky("linear", 1.0),
        _leaky("relu", 0.0),
        _saturating("tanh", torch.tanh, _tanh_derivative, near=(1.0, 1.0)),
        _saturating("sigmoid", torch.sigmoid, _sigmoid_derivative, near=None),
        _saturating("softsign", functional.softsign, _softsign_derivative, near=(1.0, 1.0)),
        _smooth("elu", functional.elu, (1.0, 1.0), _RELU_LIKE),
        _smooth(
            "selu", functional.selu, (_SELU_SCALE * _SELU_ALPHA, _SELU_SCALE), (0.0, _SELU_SCALE)
        ),
        _smooth("gelu", functional.gelu, (0.5, 0.5), _RELU_LIKE),
        _smooth("gelu_tanh", partial(functional.gelu, approximate="tanh"), (0.5, 0.5), _RELU_LIKE),
        _smooth("silu", functional.silu, (0.5, 0.5), _RELU_LIKE),
        _smooth("mish", functional.mish, (0.6, 0.6), _RELU_LIKE),
        _smooth("softplus", functional.softplus, None, _RELU_LIKE),
        _smooth("hardtanh", functional.hardtanh, (1.0, 1.0), None),
        _smooth("hardsigmoid", functional.hardsigmoid, None, None),
        _smooth("hardswish", functional.hardswish, (0.5, 0.5), _RELU_LIKE),
        _smooth("relu6", functional.relu6, _RELU_LIKE, None),
    )
}

NAMES = (*_KNOWN, "leaky_relu")
"""The names that :func:`activation` accepts."""
