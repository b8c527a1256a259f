"""Of what a network is made, also where it calls functions in place of modules."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.dropout import _DropoutNd

_MODULES: Mapping[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.PReLU: "leaky_relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.Softsign: "softsign",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Linear: "linear",
    _ConvTransposeNd: "transposed_convolution",
    _BatchNorm: "batch_normalisation",
}
_OPERATIONS: Mapping[str, str] = {
    "ReluBackward0": "relu",
    "LeakyReluBackward0": "leaky_relu",
    "TanhBackward0": "tanh",
    "SigmoidBackward0": "sigmoid",
    "GeluBackward0": "gelu",
    "SiluBackward0": "silu",
}
"""The names that torch gives to derivatives in the graph of a result."""

KINDS = frozenset(
    {
        *_MODULES.values(),
        "convolution",
        "grouped_convolution",
        "zero_padding",
        "residual",
        "dropout",
    }
)
"""All kinds that are told apart."""


def kinds(network: nn.Module, output: Tensor) -> frozenset[str]:
    """Name what a network is made of.

    Args:
        network: its modules are looked at,
        output: and the graph of operations that made its output.

    Returns:
        Some of :data:`KINDS`.
    """
    return frozenset({*_of_modules(network), *_of_graph(output)})


def _of_modules(network: nn.Module) -> Iterator[str]:
    for module in network.modules():
        yield from (kind for base, kind in _MODULES.items() if isinstance(module, base))
        if isinstance(module, _DropoutNd) and module.training and module.p:
            yield "dropout"
        if isinstance(module, _ConvNd) and not isinstance(module, _ConvTransposeNd):
            yield "convolution"
            if module.groups > 1:
                yield "grouped_convolution"
            is_padded = module.padding == "same" or any(map(bool, module.padding))
            if is_padded and module.padding_mode == "zeros" and module.padding != "valid":
                yield "zero_padding"


def _of_graph(output: Tensor) -> Iterator[str]:
    for node in _nodes(output):
        if node.name() in _OPERATIONS:
            yield _OPERATIONS[node.name()]
        if node.name() == "AddBackward0" and _adds_two_signals(node):
            yield "residual"


def _nodes(output: Tensor) -> Iterator[Any]:
    """Yield the operations of a graph, each once."""
    waiting: list[Any] = [output.grad_fn]
    visited = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in visited:
            visited.add(node)
            yield node
            waiting += [below for below, _ in node.next_functions]


def _adds_two_signals(node: Any) -> bool:  # noqa: ANN401 - torch does not say what a node is
    """Tell whether both terms of a sum were computed; a bias is a parameter, and was not."""
    terms = [below for below, _ in node.next_functions]
    return len(terms) == 2 and all(
        term is not None and term.name() != "torch::autograd::AccumulateGrad" for term in terms
    )
