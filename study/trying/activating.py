"""From an activation of the reader's own to a function of arrays in double precision.

This calls the reader's code, with all that the reader may do.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from study.errors import StudyError
from study.theory import gain_rows
from study.theory.activations import Array
from study.theory.expectations import SAMPLES
from study.theory.gain_rows import CheckedRow
from study.theory.named import Function
from study.trying.loading import blaming, load

PROBE = (-1.5, -0.25, 0.75, 2.5)
"""Preactivations by which to tell what a function takes."""

ONE_BY_ONE = 2**17
"""At how many places a function is checked that takes single numbers only."""


@dataclass(frozen=True)
class OwnActivation:
    """An activation of the reader's own.

    Attributes:
        name: how to call it.
        function: from an array to an array.
        samples: at how many places to check it.
    """

    name: str
    function: Callable[[Array], Array]
    samples: int

    def row(self) -> CheckedRow:
        """Return its gains, checked.

        Raises:
            StudyError: if they cannot be trusted, in one line that says why.
        """
        with blaming(self.name):
            return gain_rows.checked_row(self.function, self.samples)

    def as_function(self) -> Function:
        """Return it as those are that have names."""
        return Function(self.name, "", self.function)


def loaded(address: str) -> OwnActivation:
    """Return the activation that an address names, which runs the module that it names.

    Args:
        address: ``module:name`` or ``path.py:name``.

    Raises:
        StudyError: if there is none, or it is no activation.

    >>> round(loaded("torch.nn:GELU").row().row.signal, 4)
    1.5335
    """
    return own(load(address).maker, address)


def own(activation: Callable[..., Any], name: str = "your activation") -> OwnActivation:
    """Take whatever computes an activation: of arrays, of tensors or of single numbers.

    Args:
        activation: a function, a ``torch.nn.Module``, or a class of such modules.
        name: how messages call it.

    Returns:
        The activation.

    Raises:
        StudyError: if it takes none of these.

    >>> own(lambda z: z if z > 0 else 0.1 * z).function(np.array([-1.0, 2.0]))
    array([-0.1,  2. ])
    """
    with blaming(name):
        if isinstance(activation, type) and issubclass(activation, nn.Module):
            activation = activation()
        if isinstance(activation, nn.Module):
            return OwnActivation(name, _of_tensors(deepcopy(activation).double()), SAMPLES)
    probe, complaints = np.array(PROBE), []
    kinds = {
        "an array": (_plain(activation), SAMPLES),
        "a tensor": (_of_tensors(activation), SAMPLES),
        "single numbers": (_one_by_one(activation), ONE_BY_ONE),
    }
    for kind, (function, samples) in kinds.items():
        try:
            with np.errstate(all="ignore"):
                function(probe.copy())
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the next kind may do
            complaints.append(f"of {kind} {type(error).__name__}: {error}".splitlines()[0])
        else:
            return OwnActivation(name, function, samples)
    raise StudyError(f"{name}: fails to take numbers: {'; '.join(complaints)}")


def _plain(activation: Callable[..., Any]) -> Callable[[Array], Array]:
    def call(places: Array) -> Array:
        values = activation(places)
        return values.detach().numpy() if isinstance(values, Tensor) else values

    return call


def _of_tensors(activation: Callable[..., Any]) -> Callable[[Array], Array]:
    def call(places: Array) -> Array:
        with torch.no_grad():
            values = activation(torch.from_numpy(places))
        return values.numpy() if isinstance(values, Tensor) else values

    return call


def _one_by_one(activation: Callable[..., Any]) -> Callable[[Array], Array]:
    def call(places: Array) -> Array:
        values = [float(activation(place)) for place in places.ravel().tolist()]
        return np.array(values).reshape(places.shape)

    return call
