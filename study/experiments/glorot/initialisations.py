"""The two initialisations that Glorot and Bengio (2010) compare, their equations 1 and 16."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Le

from study.lab.inits import Fan, Initialisation, over_fan_in

LEAST_SQUARED_BOUND = 1e-12
"""The least that an initialisation may have, far from where a float32 weight becomes 0."""

Name: TypeAlias = Literal["standard", "normalised"]


@dataclass(frozen=True)
class BoundedInitialisation:
    r"""Weights as the paper prints them, by their bound; it may be a field of settings.

    .. math:: |w| \le \sqrt{b^2/n}, \qquad \operatorname{Var} w = b^2/(3n)

    Attributes:
        squared_bound: :math:`b^2`; 1 with the fan_in in equation 1, 3 with the average of the fans
            in equation 16.
        fan: which fan :math:`n` is.
    """

    squared_bound: Annotated[float, Ge(LEAST_SQUARED_BOUND), Le(1_000_000)]
    fan: Fan


@dataclass(frozen=True)
class Initialisations:
    """The two of the paper; they may be a field of settings."""

    standard: BoundedInitialisation
    normalised: BoundedInitialisation


BY_NAME: Mapping[Name, Initialisation] = {
    "standard": over_fan_in(1 / 3, "uniform"),
    "normalised": Initialisation("uniform", "average", 1.0, bias_variance=0.0),
}
r"""Both by name.

.. math::
    w \sim U\Bigl[-\frac{1}{\sqrt n}, \frac{1}{\sqrt n}\Bigr] \quad\text{and}\quad
    w \sim U\Bigl[-\sqrt{\frac{6}{n + m}}, \sqrt{\frac{6}{n + m}}\Bigr]
"""
