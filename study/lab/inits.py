"""Random weights: where each number comes from, and how large it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Annotated, Literal

import numpy as np
import torch
from annotated_types import Ge, Gt, Le
from torch import Tensor

from study.errors import StudyError

Distribution = Literal["gaussian", "uniform", "signs", "truncated", "orthogonal"]
Fan = Literal["fan_in", "fan_out", "average", "larger"]


def random_generator(
    seed: int, draw: int, layer: int, parameters: Literal["weights", "biases"] = "weights"
) -> np.random.Generator:
    """Return the generator of one layer of one draw.

    Draw ``k`` is the same whatever the number, the order or the grouping of the draws.
    NumPy draws the numbers, not torch, since torch's depend on the processor's vector level and
    its generator reads only 32 bits of a seed.

    Args:
        seed: the experiment's seed.
        draw: index of the draw, from 0.
        layer: index of the layer; the network's input is 0, its first weights are 1.
        parameters: what is drawn; all that is not biases counts as weights.

    Returns:
        A generator that no other arguments share.
    """
    part = () if parameters == "weights" else (1,)
    sequence = np.random.SeedSequence(seed, spawn_key=(draw, layer, *part))
    return np.random.Generator(np.random.SFC64(sequence))


def standard_normal(
    shape: tuple[int, ...], generator: np.random.Generator, device: torch.device
) -> Tensor:
    """Draw independent standard normal numbers in float32.

    Args:
        shape: shape of the tensor.
        generator: where the numbers come from.
        device: where the tensor is to live; the numbers are the same on each.

    Returns:
        A tensor of that shape.
    """
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32)).to(device)


def standard_normal_layers(
    shapes: Sequence[tuple[int, ...]], seed: int, draw: int, device: torch.device
) -> list[Tensor]:
    """Draw one tensor of standard normal numbers for each layer of one draw.

    Args:
        shapes: one per layer, first layer first.
        seed: the experiment's seed.
        draw: index of the draw.
        device: where the tensors are to live.

    Returns:
        The tensors; that of layer ``l``, counted from 1, depends on its shape, the seed, the draw
        and ``l`` only.
    """
    return [
        standard_normal(shape, random_generator(seed, draw, layer), device)
        for layer, shape in enumerate(shapes, start=1)
    ]


def weight_std(fan: int, weight_variance: float) -> float:
    r"""Standard deviation of a weight of variance :math:`c/n`.

    .. math:: \sigma_w = \sqrt{c / n}

    Args:
        fan: ``n``, the fan_in to keep the forward pass, the fan_out to keep the backward pass.
        weight_variance: ``c``; 1 keeps a linear layer, ``2 / (1 + a**2)`` a leaky ReLU of
            slope ``a``.

    Returns:
        The standard deviation.

    **Source**: He et al. (2015), equations 10, 14 and 15, and the condition that
    follows it without a number.

    >>> weight_std(fan=50, weight_variance=2.0)
    0.2
    """
    return sqrt(weight_variance / fan)


def fan_for(mode: Fan, fan_in: int, fan_out: int) -> float:
    """Number that the variance of a weight is divided by.

    Args:
        mode: which of the two fans, their average, or the larger one.
        fan_in: inputs of the layer.
        fan_out: its outputs.

    Returns:
        The fan.

    Raises:
        StudyError: if there is none of this name.

    **Source**: He et al. (2015), equations 10 and 14, for either fan; Glorot and Bengio (2010),
    equation 12, for their average; ``torch.nn.init.orthogonal_``, whose rows or columns, whichever
    are fewer, are orthonormal, for the larger one.

    >>> fan_for("average", fan_in=100, fan_out=50)
    75.0
    """
    fans = {"fan_in": fan_in, "fan_out": fan_out, "average": (fan_in + fan_out) / 2}
    fans["larger"] = max(fan_in, fan_out)
    if mode not in fans:
        raise StudyError(f"fan {mode!r} is unknown; choose from {', '.join(fans)}")
    return float(fans[mode])


def normal_to(distribution: Distribution, normal: Tensor) -> Tensor:
    r"""Turn standard normal numbers into those of another distribution, to compare them in pairs.

    With :math:`u` normal and :math:`\Phi` its distribution function:

    .. math::
        \text{uniform: } \sqrt{12}\,(\Phi(u) - \tfrac12), \qquad
        \text{signs: } \operatorname{sign} u, \qquad
        \text{truncated: } \Phi^{-1}\bigl(\Phi(-2) + (\Phi(2) - \Phi(-2))\,\Phi(u)\bigr)

    Args:
        distribution: ``gaussian`` leaves the numbers as they are; ``uniform``, within
            :math:`\pm\sqrt 3`; ``signs``, -1 or 1 with equal probability; ``truncated``, normal
            numbers within 2, which initialisers use without correcting their variance of about
            0.774; ``orthogonal``, rows or columns of a matrix, whichever are fewer, made
            orthonormal and then multiplied by the root of the larger side, so that an entry has
            variance 1.
        normal: the standard normal numbers, for ``orthogonal`` a matrix.

    Returns:
        Numbers of mean 0 and, but for ``truncated``, variance 1, of the same shape and type.

    Raises:
        StudyError: if the distribution is not known.

    >>> normal_to("signs", torch.tensor([-0.3, 2.0]))
    tensor([-1.,  1.])
    """
    _check_known(distribution)
    return _FROM_NORMAL[distribution](normal)


def _check_known(distribution: str) -> None:
    if distribution not in _FROM_NORMAL:
        raise StudyError(
            f"distribution {distribution!r} is unknown; choose from {', '.join(_FROM_NORMAL)}"
        )


def _gaussian(normal: Tensor) -> Tensor:
    return normal


def _uniform(normal: Tensor) -> Tensor:
    probability: Tensor = torch.special.ndtr(normal)
    return sqrt(12) * (probability - 0.5)


def _signs(normal: Tensor) -> Tensor:
    return torch.where(normal > 0, 1.0, -1.0).to(normal.dtype)


def _truncated(normal: Tensor) -> Tensor:
    low, high = torch.special.ndtr(torch.tensor([-2.0, 2.0], dtype=torch.float64))
    probability = low + (high - low) * torch.special.ndtr(normal.double())
    cut: Tensor = torch.special.ndtri(probability).clamp(-2.0, 2.0)
    return cut.to(normal.dtype)


def _orthogonal(normal: Tensor) -> Tensor:
    rows, columns = normal.shape
    basis, triangle = torch.linalg.qr(normal if rows >= columns else normal.T)
    signs = triangle.diagonal().sign()  # without them, some orthogonal matrices would be likelier
    square: Tensor = sqrt(max(rows, columns)) * basis * signs
    return square if rows >= columns else square.T


_FROM_NORMAL: Mapping[Distribution, Callable[[Tensor], Tensor]] = {
    "gaussian": _gaussian,
    "uniform": _uniform,
    "signs": _signs,
    "truncated": _truncated,
    "orthogonal": _orthogonal,
}


@dataclass(frozen=True)
class Initialisation:
    r"""How the weights and biases of a layer are drawn; it may be a field of settings.

    .. math:: \operatorname{Var} w = c / n, \qquad \operatorname{Var} b = \sigma_b^2

    The rule is one for all distributions, also for orthogonal weights of a matrix that is not
    square: over fan_in, :math:`c = 1` keeps the mean square of a signal, averaged over its
    directions. With the fan ``larger``, orthogonal weights are those of
    ``torch.nn.init.orthogonal_`` with the gain :math:`\sqrt c`, whose rows or columns, whichever
    are fewer, have the length :math:`\sqrt c`. Where a layer is no wider than the one below, the
    two rules are the same.

    Attributes:
        distribution: of the weights.
        fan: which number ``n`` is, see :func:`fan_for`.
        weight_variance: ``c``, the variance of a weight times the fan; that of truncated weights
            before the cut.
        bias_variance: of Gaussian biases; 0 for none.
    """

    distribution: Distribution
    fan: Fan
    weight_variance: Annotated[float, Gt(0), Le(1_000_000)]
    bias_variance: Annotated[float, Ge(0), Le(1000)]

    def std(self, fan_in: int, fan_out: int) -> float:
        """Return the standard deviation of a weight.

        Args:
            fan_in: inputs of the layer.
            fan_out: its outputs.

        >>> over_fan_in(2.0).std(fan_in=50, fan_out=10)
        0.2
        """
        return sqrt(self.weight_variance / fan_for(self.fan, fan_in, fan_out))

    def scaled(self, factor: float) -> "Initialisation":
        """Return the same with a factor before every weight."""
        return replace(self, weight_variance=factor**2 * self.weight_variance)


def over_fan_in(weight_variance: float, distribution: Distribution = "gaussian") -> Initialisation:
    """Return weights of a variance over fan_in, without biases: the usual case.

    Args:
        weight_variance: 2 is He's for ReLU layers, 1 keeps a linear layer.
        distribution: of the weights.
    """
    return Initialisation(distribution, "fan_in", weight_variance, bias_variance=0.0)


def _shares_memory_with_numpy(out: Tensor) -> bool:
    return out.dtype == torch.float32 and out.device.type == "cpu" and out.is_contiguous()


@dataclass(frozen=True)
class RandomLayers:
    """The random numbers of a fully connected network, each layer made anew when asked for.

    Networks that differ only by how large their weights are share these numbers.

    Attributes:
        widths: of the input and of each layer.
        seed: the experiment's seed.
        draw: index of the draw.
        distribution: of the weights, see :func:`normal_to`.
        dtype: of the tensors; the numbers are those of float32 whatever it is.
        device: where the tensors are to live.
    """

    widths: tuple[int, ...]
    seed: int
    draw: int
    distribution: Distribution = "gaussian"
    dtype: torch.dtype = torch.float32
    device: "torch.device | str" = "cpu"

    def __post_init__(self) -> None:
        """Refuse a network without a layer, and a distribution that is not known.

        Raises:
            StudyError: naming the field, the value and the choices.
        """
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise StudyError(f"widths {self.widths}: name the input and a layer, each at least 1")
        _check_known(self.distribution)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.widths) - 1

    def weights(self, layer: int, out: "Tensor | None" = None) -> Tensor:
        """Draw the weight matrix of a layer.

        Args:
            layer: counted from 1.
            out: where to put it, if given.

        Returns:
            The matrix, of shape (fan_out, fan_in).

        Raises:
            StudyError: if there is no such layer, or the place has another shape.
        """
        if not 1 <= layer <= self.depth:
            raise StudyError(f"layer {layer}: choose one from 1 to {self.depth}")
        shape = (self.widths[layer], self.widths[layer - 1])
        if out is not None and out.shape != shape:
            raise StudyError(f"out of shape {tuple(out.shape)}: must be {shape}")
        generator = random_generator(self.seed, self.draw, layer)
        if out is not None and self.distribution == "gaussian" and _shares_memory_with_numpy(out):
            generator.standard_normal(out=out.numpy(), dtype=np.float32)
            return out
        numbers = normal_to(
            self.distribution, standard_normal(shape, generator, torch.device("cpu"))
        )
        return numbers.to(self.device, self.dtype) if out is None else out.copy_(numbers)

    def biases(self, layer: int) -> Tensor:
        """Draw standard normal biases of a layer, counted from 1, of shape (fan_out,)."""
        generator = random_generator(self.seed, self.draw, layer, "biases")
        numbers = generator.standard_normal(self.widths[layer], dtype=np.float32)
        return torch.from_numpy(numbers).to(self.device, self.dtype)

    def cotangent(self, images: int) -> Tensor:
        """Draw a standard normal gradient with respect to the last activation.

        Args:
            images: how many rows.

        Returns:
            A tensor of shape (images, width of the last layer).
        """
        generator = random_generator(self.seed, self.draw, self.depth + 1)
        shape = (images, self.widths[-1])
        return standard_normal(shape, generator, torch.device(self.device)).to(self.dtype)
