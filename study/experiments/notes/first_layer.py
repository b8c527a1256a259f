"""One layer of a network on many images: its output, and its laws given the images.

Weights have the notes' layout, (fan_in, fan_out): a layer is ``x @ w``, an image a row.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from study.errors import StudyError
from study.lab.activations import leaky_relu
from study.theory import gaussian


@dataclass(frozen=True)
class ImageStatistics:
    r"""Images and the three statistics on which the laws of the first layer depend.

    Attributes:
        inputs: the images, one per row.
        second_moment: the mean of the squares of all pixels of all images, :math:`q`.
        size: the mean over images of the root of an image's mean square, :math:`\bar s`.
        mean_image: the mean of the squares of the pixels of the mean image,
            :math:`\|\bar x\|^2/m`.

    **Shapes**: ``inputs`` (images, pixels).

    **Units**: of the inputs; ``second_moment`` and ``mean_image`` of their squares.
    """

    inputs: Tensor
    second_moment: float
    size: float
    mean_image: float


def image_statistics(inputs: Tensor) -> ImageStatistics:
    """Compute the statistics of images, in float64.

    **Shapes**: ``inputs`` (images, pixels).

    >>> image_statistics(torch.tensor([[1.0, 1.0], [3.0, 3.0]])).size
    2.0
    """
    mean_squares = inputs.square().mean(dim=1, dtype=torch.float64)
    return ImageStatistics(
        inputs=inputs,
        second_moment=mean_squares.mean().item(),
        size=mean_squares.sqrt().mean().item(),
        mean_image=inputs.mean(dim=0, dtype=torch.float64).square().mean().item(),
    )


def preactivation(inputs: Tensor, weights: Tensor) -> Tensor:
    r"""Preactivation for weights of variance 1/fan_in, returned in float64.

    .. math:: z = x w / \sqrt m

    Args:
        inputs: the images.
        weights: standard normal.

    Returns:
        The preactivation.

    **Shapes**: (images, fan_in) by (fan_in, units) gives (images, units).
    """
    return (inputs @ weights).double() / sqrt(len(weights))


def shifted_activation(
    unit: Tensor, *, weight_variance: float, slope: float, shift: float
) -> Tensor:
    r"""Activation of a preactivation that is rescaled to another weight variance.

    .. math:: h = f(\sqrt c\, z) - s

    Args:
        unit: ``z``, the preactivation at weight variance 1/fan_in.
        weight_variance: ``c``, the weight variance times fan_in.
        slope: of the leaky ReLU ``f``; 0 is the ReLU and 1 the identity.
        shift: ``s``, subtracted from the ReLU.

    Returns:
        The activation, of the same shape.

    >>> shifted_activation(torch.tensor([-1.0, 1.0]), weight_variance=4.0, slope=0.0, shift=0.5)
    tensor([-0.5000,  1.5000])
    """
    return leaky_relu(unit * sqrt(weight_variance), slope) - shift


def mean_and_deviation(values: Tensor) -> tuple[float, float]:
    """Return the mean and the unbiased standard deviation of all entries, as torch prints them.

    >>> mean_and_deviation(torch.tensor([[1.0, 2.0], [3.0, 2.0]]))[0]
    2.0
    """
    deviation, mean = torch.std_mean(values)
    return mean.item(), deviation.item()


def second_moment(values: Tensor) -> float:
    """Return the mean of the squares of all entries.

    >>> second_moment(torch.tensor([[1.0, 3.0]]))
    5.0
    """
    flat = values.reshape(-1)
    return torch.dot(flat, flat).item() / len(flat)


def layer_statistics(
    values: Tensor, images: ImageStatistics, weight_variance: float
) -> dict[str, float]:
    r"""Measure the output of one layer, over all images and units.

    The squared mean is divided by :math:`c\,\|\bar x\|^2/(m n_h)`, its expectation for a linear
    layer of weight variance :math:`c/m` and :math:`n_h` units.

    Args:
        values: the output of the layer.
        images: its input.
        weight_variance: ``c``, times fan_in.

    Returns:
        The quantities by name.

    **Shapes**: ``values`` (images, units).
    """
    mean, deviation = mean_and_deviation(values)
    squared_mean_law = weight_variance * images.mean_image / values.shape[1]
    return {
        "mean": mean,
        "deviation": deviation,
        "mean_over_size": mean / images.size,
        "deviation_over_input": deviation / sqrt(images.second_moment),
        "second_moment_over_input": second_moment(values) / images.second_moment,
        "squared_mean_over_law": mean**2 / squared_mean_law,
    }


def layer_law(
    images: ImageStatistics, *, weight_variance: float, slope: float, shift: float
) -> dict[str, float]:
    r"""Return mean, standard deviation and second moment of a layer by the law.

    .. math::
        \mu = \sqrt c\, \frac{1 - a}{\sqrt{2\pi}}\, \bar s - s, \qquad
        E[h^2] = c\, \frac{1 + a^2}{2}\, q - 2 s\, (\mu + s) + s^2

    Args:
        images: the input.
        weight_variance: ``c``, times fan_in.
        slope: ``a``, of the leaky ReLU; 0 is the ReLU and 1 the identity.
        shift: ``s``, subtracted from the ReLU.

    Returns:
        The expectations of the mean and of the second moment (over that of the input), and the
        standard deviation that follows from them. Its expectation is a little smaller, by the
        variance of the mean from draw to draw.

    **Source**: chapter The forward pass, section “With a ReLU”.
    """
    relu_mean = sqrt(weight_variance) * gaussian.leaky_relu_mean(slope) * images.size
    moment = weight_variance * gaussian.leaky_relu_second_moment(slope) * images.second_moment
    moment += shift**2 - 2 * shift * relu_mean
    mean = relu_mean - shift
    return {
        "mean": mean,
        "deviation": sqrt(moment - mean**2),
        "second_moment_over_input": moment / images.second_moment,
    }


AGAIN = "_again"
"""Suffix of an arm's name, among printed numbers, for a second number of another note."""


def sample(
    quantities: Mapping[str, float],
    keys: Iterable[str],
    printouts: Mapping[str, Mapping[str, float]],
    *,
    prefix: str,
) -> dict[str, float]:
    """Select the quantities of one draw, and compare them with the numbers that notes print.

    Args:
        quantities: of the draw, by key, ``<quantity>.<arm>``.
        keys: the keys to select in any case.
        printouts: the printed numbers, by quantity and arm; a second one of the same arm stands
            under the arm's name with :data:`AGAIN`.
        prefix: of the keys under which it says whether the draw lies below a printed number.

    Returns:
        The selected quantities and all those that a note prints, and for each printed number 1 if
        the draw lies below it, else 0.

    Raises:
        StudyError: naming the choices, if a printed quantity or arm is not measured.

    >>> sample({"mean.a": 1.0}, [], {"mean": {"a_again": 2.0}}, prefix="below.")
    {'mean.a_again': 1.0, 'below.mean.a_again': 1.0}
    """
    values = {key: quantities[key] for key in keys}
    shares_below = {}
    for quantity, arms in printouts.items():
        by_arm = {
            key.removeprefix(f"{quantity}."): number
            for key, number in quantities.items()
            if key.startswith(f"{quantity}.")
        }
        if not by_arm:
            choices = sorted({key.split(".")[0] for key in quantities})
            raise StudyError(f"experiment.printed.{quantity}: choose from {', '.join(choices)}")
        for arm, number in arms.items():
            value = by_arm.get(arm.removesuffix(AGAIN))
            if value is None:
                choices = sorted(by_arm)
                raise StudyError(
                    f"experiment.printed.{quantity}.{arm}: choose from {', '.join(choices)}"
                )
            values[f"{quantity}.{arm}"] = value
            shares_below[f"{prefix}{quantity}.{arm}"] = float(value < number)
    return values | shares_below
