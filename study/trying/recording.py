"""One forward and one backward pass of a network, watched at each of its layers."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules import activation

from study.errors import StudyError
from study.trying.batches import Batch
from study.trying.fans import Fans, fans, has_fans
from study.trying.kinds import kinds
from study.trying.signals import cosine, dead_share, first_tensor, root_mean_square


@dataclass(frozen=True)
class LayerRecord:
    """What one call of a layer or an activation did.

    Attributes:
        name: as in ``network.named_modules()``, with a number from the second call on.
        kind: the name of its class.
        shape: of its input.
        fans: of a linear layer or a convolution; else None.
        rms: root mean square of its output.
        gradient: root mean square of the gradient with respect to its output; NaN if none came.
        dead_in: share of its inputs that are 0 for every image, whatever made them so.
        dead_out: share of its outputs that are.
        cosine: of two images, in its output.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    fans: Fans | None
    rms: float
    gradient: float
    dead_in: float
    dead_out: float
    cosine: float


@dataclass(frozen=True)
class Draw:
    """Both passes of one draw.

    Attributes:
        records: in the order of the calls.
        loss: where the gradient came from.
        kinds: of what the network is made, see :func:`study.trying.kinds.kinds`.
    """

    records: tuple[LayerRecord, ...]
    loss: str
    kinds: frozenset[str]


def watched(module: nn.Module) -> bool:
    """Tell whether a module is looked at: one with parameters of its own, or an activation.

    >>> [watched(module) for module in (nn.Linear(1, 1), nn.ReLU(), nn.Sequential(nn.ReLU()))]
    [True, True, False]
    """
    if has_fans(module) or isinstance(module, nn.MultiheadAttention):
        return True
    has_parameters = any(True for _ in module.parameters(recurse=False))
    is_activation = type(module).__module__ == activation.__name__
    return not any(True for _ in module.children()) and (has_parameters or is_activation)


def recorded(network: nn.Module, batch: Batch, seed: int) -> Draw:
    """Run a network forward and backward.

    The gradient is that of the cross-entropy with the labels, where there are labels and the
    output has a row for each image and enough columns; else it is random.

    Args:
        network: it keeps its mode, so a new one is in the mode of training.
        batch: what goes in.
        seed: of the random gradient.

    Returns:
        What each layer did.

    Raises:
        StudyError: if the network calls no layer, or returns no tensor of numbers.
    """
    inputs = batch.inputs.detach()
    if inputs.is_floating_point():  # so that a gradient comes down past layers that are frozen
        inputs = inputs.clone().requires_grad_().clone()
    with _hooks(network) as (records, gradients):
        output = first_tensor(network(inputs))
        if output is None:
            raise StudyError("it returns no tensor of floating-point numbers")
        if not records:
            raise StudyError("it calls none of its layers")
        its_kinds = kinds(network, output)
        loss = _backward(output, batch.labels, seed)
    layers = dict(network.named_modules())
    return Draw(
        tuple(
            replace(
                record,
                name=record.name + (f" ({call})" if call > 1 else ""),
                gradient=gradients.get(at, nan),
                fans=fans(layer, record.shape) if has_fans(layer) and record.shape else None,
            )
            for at, (record, call) in enumerate(zip(records, _calls(records), strict=True))
            for layer in [layers[record.name]]
        ),
        loss,
        its_kinds,
    )


@contextmanager
def _hooks(network: nn.Module) -> Iterator[tuple[list[LayerRecord], dict[int, float]]]:
    """Watch the layers within the block, and give what they do and what comes down to them."""
    records: list[LayerRecord] = []
    gradients: dict[int, float] = {}
    entries: list[tuple[tuple[int, ...], float]] = []  # of the calls that go on

    # All is measured at once: what follows may write into the same memory, as an in-place ReLU
    # does.
    def come(at: int, gradient: Tensor) -> None:
        gradients[at] = root_mean_square(gradient)

    def enter(_module: nn.Module, args: Any, kwargs: Any) -> None:  # noqa: ANN401 - of any module
        source = first_tensor((args, kwargs))
        shape = () if source is None else tuple(source.shape)
        entries.append((shape, nan if source is None else dead_share(source)))

    def hook(name: str) -> Callable[..., None]:
        def note(module: nn.Module, _args: Any, _kwargs: Any, result: Any) -> None:  # noqa: ANN401 - likewise
            signal, (shape, dead_in) = first_tensor(result), entries.pop()
            if signal is None:
                return
            at = len(records)
            record = LayerRecord(
                name,
                kind=type(module).__name__,
                shape=shape,
                fans=None,
                rms=root_mean_square(signal),
                gradient=nan,
                dead_in=dead_in,
                dead_out=dead_share(signal),
                cosine=cosine(signal),
            )
            records.append(record)
            if signal.requires_grad:
                signal.register_hook(lambda gradient: come(at, gradient))  # type: ignore[no-untyped-call]  # torch has no types for it

        return note

    handles = [
        handle
        for name, module in network.named_modules()
        if watched(module)
        for handle in (
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(hook(name), with_kwargs=True),
        )
    ]
    try:
        yield records, gradients
    finally:
        for handle in handles:
            handle.remove()


def _calls(records: list[LayerRecord]) -> list[int]:
    """Number the calls of each layer."""
    counts: Counter[str] = Counter()
    numbers = []
    for record in records:
        counts[record.name] += 1
        numbers.append(counts[record.name])
    return numbers


def _backward(output: Tensor, labels: Tensor | None, seed: int) -> str:
    """Send a gradient down, and say which."""
    if not output.requires_grad:
        return "none: the output does not depend on anything that has a gradient"
    if labels is not None and output.ndim == 2 and output.shape[1] > int(labels.max()):
        torch.autograd.backward(functional.cross_entropy(output, labels.to(output.device)))
        return "cross-entropy with the labels"
    generator = torch.Generator().manual_seed(seed)
    gradient = torch.randn(output.shape, generator=generator)
    torch.autograd.backward(output, gradient.to(output))
    return "random, standard normal"
