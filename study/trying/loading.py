"""From an address on the command line to a network and, if there is one, its batch.

This runs the reader's code, with all that the reader may do.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from study.errors import StudyError


@dataclass(frozen=True)
class Factory:
    """What makes the reader's network anew for each draw.

    Attributes:
        address: ``module:name`` or ``path.py:name``, as the reader gave it.
        maker: a network, or what returns one, alone or with a batch.
    """

    address: str
    maker: Callable[[], Any]

    def made(self) -> tuple[nn.Module, Tensor | None]:
        """Make the network as it is before training, and the batch that comes with it, if any.

        Raises:
            StudyError: if the reader's code fails, or returns something else.
        """
        with blaming(self.address):
            if isinstance(self.maker, nn.Module):
                return _drawn_anew(self.maker), None
            product = self.maker()
        match product:
            case nn.Module():
                return product, None
            case (nn.Module() as network, Tensor() as batch):
                return network, batch
        kind = type(product).__name__
        raise StudyError(
            f"{self.address}: returns {kind}; return a torch.nn.Module, or one and a batch"
        )


@contextmanager
def blaming(place: str) -> Iterator[None]:
    """Turn whatever the reader's code raises into one line.

    Args:
        place: what the line begins with.

    Raises:
        StudyError: in place of any error.
    """
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{place}: {error}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it is the reader's
        raise StudyError(f"{place}: {type(error).__name__}: {error}") from None


def load(address: str) -> Factory:
    """Find what an address names, which runs the module that it names.

    Args:
        address: ``module:name`` or ``path.py:name``.

    Raises:
        StudyError: if there is no such module or name, or the module fails.

    >>> load("torch.nn:Module").maker is nn.Module
    True
    """
    place, _, name = address.rpartition(":")
    if not place or not name.isidentifier():
        raise StudyError(f"{address}: write module:name or path.py:name")
    with blaming(place):
        module = _from_file(Path(place)) if place.endswith(".py") else import_module(place)
    maker = getattr(module, name, None)
    if not callable(maker):
        choices = [key for key, value in vars(module).items() if _defined(value, module)]
        offer = f"choose from {', '.join(choices)}" if choices else "it defines nothing to call"
        raise StudyError(f"{address}: no such function or network in {place}; {offer}")
    return Factory(address, maker)


def _from_file(path: Path) -> ModuleType:
    """Run a file as a module, which may import its neighbours as a script may."""
    if not path.is_file():
        raise StudyError("no such file")
    sys.path.append(str(path.resolve().parent))
    # Under a name of its own: the file may be called as a module is that others import.
    spec = spec_from_file_location(f"tried_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise StudyError("Python cannot import it")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _defined(value: object, module: ModuleType) -> bool:
    home = getattr(value, "__module__", None)
    return isinstance(value, nn.Module) or (callable(value) and home == module.__name__)


def _drawn_anew(network: nn.Module) -> nn.Module:
    """Return a copy whose modules have drawn their parameters again, where they know how to."""
    copy = deepcopy(network)
    with torch.no_grad():
        for module in copy.modules():
            if callable(reset := getattr(module, "reset_parameters", None)):
                reset()
    return copy
