"""The table of other libraries, held against the libraries: against those that are installed here.

``nox -s libraries`` installs those that the study has no other use for.
"""

import re
from functools import reduce
from math import sqrt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from study.errors import StudyError
from study.theory import libraries
from study.theory.libraries import AXES, CONNECTIONS, CUT, INITIALISERS, TRUNCATIONS, Initialiser

# Inputs and outputs differ by so much that no interval below holds one fan for another.
SIZES = {"in": 60, "out": 240, "groups": 4, "k": 5, "channels": 120, "multiplier": 8}
SMALL = {"in": 6, "out": 8, "groups": 2, "k": 3, "channels": 6, "multiplier": 2}
MODULES = {"torch": "torch", "Keras": "keras", "JAX": "jax", "Flax": "flax.nnx"}
FAR = 3.29
"""Standard deviations of a Gaussian beyond which one number in a thousand lies."""


@pytest.fixture(autouse=True)
def _seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")  # it is read when Keras is imported


def module(library: str) -> Any:  # noqa: ANN401 - a module without types, if it is there
    """Return a library, or skip the test where it is not installed."""
    session = "tests" if library == "torch" else "libraries"
    reason = f"{library} is not installed here; nox -s {session} has it"
    return pytest.importorskip(MODULES[library], reason=reason)


def function(library: str, path: str) -> Any:  # noqa: ANN401
    """Return what a library calls by a dotted name."""
    return reduce(getattr, re.sub(r"^(jax|nnx)\.", "", path).split("."), module(library))


def draw(
    library: str, path: str, shape: tuple[int, ...], **options: object
) -> NDArray[np.floating[Any]]:
    """Draw weights by a call of a library."""
    call = function(library, path)
    if library == "torch":
        torch = module(library)
        torch.manual_seed(1)
        return np.asarray(call(torch.empty(shape), **options))
    if library == "Keras":
        return np.asarray(call(seed=1, **options)(shape))
    return np.asarray(call(**options)(module("JAX").random.key(1), shape))


def weights_of(library: str, kind: str, size: dict[str, int]) -> NDArray[np.floating[Any]]:
    """Return the weights of a layer that is told nothing, which a library has just made."""
    grouped = {"depthwise": size["channels"], "grouped": size["groups"]}.get(kind, 1)
    depthwise = kind == "depthwise"
    inputs = size["channels"] if depthwise else size["in"]
    outputs = inputs * size["multiplier"] if depthwise else size["out"]
    layer = function(library, libraries.kernel(library, kind).layer)
    if library == "torch":
        module(library).manual_seed(1)
        kernel = () if kind == "dense" else (size["k"],)
        groups = {} if grouped == 1 else {"groups": grouped}
        return np.asarray(layer(inputs, outputs, *kernel, **groups).weight.detach())
    sides = () if kind == "dense" else ((size["k"], size["k"]),)
    if library == "Keras":
        module(library).utils.set_random_seed(1)
        groups = {"groups": grouped} if kind == "grouped" else {}
        multiplier = {"depth_multiplier": size["multiplier"]} if depthwise else {}
        made = layer(*() if depthwise else (outputs,), *sides, **groups, **multiplier)
        made.build((None, inputs) if kind == "dense" else (None, 9, 9, inputs))
        return np.asarray(made.kernel)
    groups = {} if grouped == 1 else {"feature_group_count": grouped}
    made = layer(inputs, outputs, *sides, **groups, rngs=module(library).Rngs(1))
    return np.asarray(made.kernel[...])


def assert_spread(weights: NDArray[np.floating[Any]], expected: float) -> None:
    """Hold a standard deviation against that of weights of mean 0, at 99.9 %."""
    squares = weights.astype(float).ravel() ** 2
    measured = sqrt(squares.mean())
    assert abs(measured - expected) < FAR * squares.std() / (2 * measured * sqrt(squares.size))


def assert_distribution(weights: NDArray[np.floating[Any]], call: Initialiser) -> None:
    """Hold the largest weight, in standard deviations, against the end of the distribution."""
    largest = abs(weights).max() / weights.std()
    ends = {"uniform": sqrt(3), "truncated": CUT / libraries.share_left(CUT)}
    if call.distribution == "normal":
        assert largest > 3
    else:
        assert largest == pytest.approx(ends[call.distribution], rel=0.02)


@pytest.mark.parametrize("call", INITIALISERS, ids=lambda one: f"{one.library}, {one.wish}")
@pytest.mark.parametrize("kind", CONNECTIONS)
def test_weights_are_as_large_as_the_table_says(call: Initialiser, kind: str) -> None:
    shape = libraries.shape(call.library, kind, SIZES)
    if call.wish == "nothing":
        weights = weights_of(call.library, kind, SIZES)
    else:
        weights = draw(call.library, call.function, shape, **dict(call.options))
    assert weights.shape == shape
    assert_spread(weights, libraries.standard_deviation(call, shape))
    assert_distribution(weights, call)


@pytest.mark.parametrize("library", ["torch", "Keras", "Flax"])
@pytest.mark.parametrize("kind", CONNECTIONS)
def test_a_layer_keeps_its_weights_as_the_table_says(library: str, kind: str) -> None:
    assert weights_of(library, kind, SMALL).shape == libraries.shape(library, kind, SMALL)


@pytest.mark.parametrize("kind", ["convolution", "grouped", "depthwise", "transposed"])
def test_jax_takes_kernels_of_these_layouts_and_adds_up_so_many_terms(kind: str) -> None:
    lax, jnp = function("JAX", "lax"), function("JAX", "numpy")
    weights = jnp.ones(libraries.shape("JAX", kind, SMALL))
    groups = {"grouped": SMALL["groups"], "depthwise": SMALL["channels"]}.get(kind)
    if kind == "transposed":
        y = lax.conv_transpose(jnp.ones((1, 9, 9, SMALL["in"])), weights, (1, 1), "SAME")
    else:
        x = jnp.ones((1, SMALL["in"], 9, 9))
        more = {"feature_group_count": groups} if groups else {}
        y = function("JAX", libraries.kernel("JAX", kind).layer)(x, weights, (1, 1), "SAME", **more)
    assert y.max() == libraries.connections(kind, SMALL)[0]


@pytest.mark.parametrize("kind", CONNECTIONS)
def test_connections_are_counted_where_weights_and_inputs_are_one(kind: str) -> None:
    torch = module("torch")
    weights = torch.ones(libraries.shape("torch", kind, SMALL))
    groups = {"grouped": SMALL["groups"], "depthwise": SMALL["channels"]}.get(kind, 1)
    place = () if kind == "dense" else (9, 9)
    x = torch.ones(1, SMALL["in"], *place, requires_grad=True)
    if kind == "dense":
        y = torch.nn.functional.linear(x, weights)
    elif kind == "transposed":
        y = torch.nn.functional.conv_transpose2d(x, weights)
    else:
        y = torch.nn.functional.conv2d(x, weights, groups=groups)
    y.sum().backward()
    assert (y.max(), x.grad.max()) == libraries.connections(kind, SMALL)


@pytest.mark.parametrize("requested", [0.05, 1.0])
@pytest.mark.parametrize("call", TRUNCATIONS, ids=lambda one: one.library)
def test_what_cuts_off_corrects_nothing(call: libraries.Truncation, requested: float) -> None:
    weights = draw(call.library, call.function, (400, 500), **{call.option: requested})
    assert_spread(weights, call.standard_deviation(requested))


@pytest.mark.parametrize(
    ("library", "kind", "path", "options"),
    [
        ("torch", "transposed", "nn.init.kaiming_normal_", {"mode": "fan_out"}),
        ("Keras", "transposed", "initializers.VarianceScaling", {"scale": 2, "mode": "fan_out"}),
        ("Keras", "depthwise", "initializers.VarianceScaling", {"scale": 2 * SIZES["channels"]}),
        ("JAX", "convolution", "jax.nn.initializers.he_normal", {"in_axis": 1, "out_axis": 0}),
        ("JAX", "grouped", "jax.nn.initializers.he_normal", {"in_axis": 1, "out_axis": 0}),
        ("JAX", "depthwise", "jax.nn.initializers.he_normal", {"in_axis": 1, "out_axis": 0}),
        ("JAX", "transposed", "jax.nn.initializers.he_normal", {}),
        ("Flax", "transposed", "nnx.initializers.he_normal", {}),
        ("Flax", "depthwise", "nnx.initializers.he_normal", {}),
    ],
)
def test_what_the_page_tells_to_write_gives_the_variance_of_he(
    library: str, kind: str, path: str, options: dict[str, object]
) -> None:
    weights = draw(library, path, libraries.shape(library, kind, SIZES), **options)
    fan_in, _ = libraries.connections(kind, SIZES)
    assert_spread(weights, sqrt(2 / fan_in))


def test_flax_swaps_the_fans_of_a_transposed_kernel_only_if_told() -> None:
    nnx = module("Flax")
    sides = (SMALL["k"], SMALL["k"])
    layer = nnx.ConvTranspose(
        SMALL["in"], SMALL["out"], sides, transpose_kernel=True, rngs=nnx.Rngs(1)
    )
    assert layer.kernel.shape == libraries.shape("Keras", "transposed", SMALL)


def test_keras_calls_normal_what_is_cut_off() -> None:
    options = {"scale": 2.0, "mode": "fan_in", "distribution": "normal"}
    weights = draw("Keras", "initializers.VarianceScaling", (200, 300), **options)
    assert_distribution(weights, libraries.named("Keras", "He for ReLU"))


def test_every_library_grants_every_wish() -> None:
    granted = {(one.library, one.wish) for one in INITIALISERS}
    wanted = {(library, wish) for library in AXES for wish in libraries.WISHES}
    assert wanted - granted == {("JAX", "nothing")}
    assert {(one.library, one.kind) for one in libraries.KERNELS} == {
        (library, kind) for library in AXES for kind in CONNECTIONS
    }


@pytest.mark.parametrize("weights", libraries.KERNELS, ids=lambda one: f"{one.library} {one.kind}")
def test_fans_in_symbols_are_those_in_numbers(weights: libraries.Kernel) -> None:
    shape = libraries.shape(weights.library, weights.kind, SMALL)
    fans = [
        np.prod([float(SMALL[size]) ** power for size, power in fan.items()])
        for fan in libraries.symbolic_fans(weights)
    ]
    assert fans == [*libraries.fans(weights.library, shape)]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: libraries.fans("mxnet", (2, 2)), "library mxnet: not one of torch, Keras"),
        (lambda: libraries.fans("JAX", (2,)), r"shape \(2,\): fans need at least two axes"),
        (lambda: libraries.kernel("JAX", "round"), "kernel JAX, round: not of torch"),
        (lambda: libraries.named("JAX", "nothing"), "initialiser JAX, nothing: not one of torch"),
        (lambda: libraries.connections("round", SMALL), "kind round: not one of dense"),
        (lambda: libraries.connections("dense", {"in": 2}), "sizes: out missing"),
        (
            lambda: libraries.connections("grouped", SMALL | {"groups": 5}),
            "sizes: 54 is no multiple of 5",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(call: Any, complaint: str) -> None:  # noqa: ANN401
    with pytest.raises(StudyError, match=f"^{complaint}") as refusal:
        call()
    assert "\n" not in str(refusal.value)
