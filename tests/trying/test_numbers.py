"""The numbers of a trial, against computations that share nothing with it."""

from collections.abc import Callable
from itertools import pairwise
from math import log2, prod, sqrt

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from study.trying import fans as fan_module
from study.trying import initialising, kinds, recording
from study.trying.batches import Batch
from study.trying.endings import Growth, ending, growth
from study.trying.fans import fans
from study.trying.initialising import INITIALISATIONS, initialise
from study.trying.recording import LayerRecord, recorded

WIDTHS = (60, 400, 100, 300)
IMAGES = 20
DRAWS = 12
VARIANCES: dict[str, Callable[[int, int], float]] = {
    "lecun": lambda inputs, _: 1 / inputs,
    "he_fan_out": lambda _, outputs: 2 / outputs,
    "glorot": lambda inputs, outputs: 2 / (inputs + outputs),
}


def images(width: int = WIDTHS[0]) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return 1.5 * torch.randn(IMAGES, width, generator=generator)


def network(
    widths: tuple[int, ...] = WIDTHS, between: Callable[[], nn.Module] | None = None
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        layers.append(nn.Linear(fan_in, fan_out))
        if between is not None:
            layers.append(between())
    return nn.Sequential(*layers)


def draws(
    name: str, widths: tuple[int, ...] = WIDTHS, between: Callable[[], nn.Module] | None = None
) -> list[list[LayerRecord]]:
    """Record the linear layers of some draws of a named initialisation."""
    rows = []
    for draw in range(DRAWS):
        model = network(widths, between)
        initialise(model, name, draw)
        records = recorded(model, Batch("", images(widths[0])), draw).records
        rows.append([record for record in records if record.kind == "Linear"])
    return rows


def mean_square(rows: list[list[LayerRecord]], layer: int, quantity: str) -> float:
    return float(np.mean([getattr(row[layer], quantity) ** 2 for row in rows]))


def keeps_the_law(name: str) -> bool:
    """Tell whether second moments of a linear network are those that its variances say.

    A layer of weights of variance v multiplies the signal's by v times its inputs, and the
    gradient's by v times its outputs.
    """
    rows = draws(name)
    shapes = list(pairwise(WIDTHS))
    variances = [VARIANCES[name](*shape) for shape in shapes]
    up = [v * inputs for v, (inputs, _) in zip(variances, shapes, strict=True)]
    down = [v * outputs for v, (_, outputs) in zip(variances, shapes, strict=True)]
    start = float(images().square().mean())
    return all(
        mean_square(rows, layer, "rms") == pytest.approx(start * prod(up[: layer + 1]), rel=0.25)
        and mean_square(rows, layer, "gradient") == pytest.approx(prod(down[layer + 1 :]), rel=0.25)
        for layer in range(len(shapes))
    )


@pytest.mark.parametrize("name", VARIANCES)
def test_a_linear_network_has_the_second_moments_of_its_variances(name: str) -> None:
    assert keeps_the_law(name)


def test_swapped_fans_break_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        initialising, "torch_fans", lambda weight: fan_module.torch_fans(weight)[::-1]
    )
    assert not keeps_the_law("lecun")
    assert not keeps_the_law("he_fan_out")
    assert keeps_the_law("glorot")  # which does not know one fan from the other


def test_orthogonal_weights_have_orthonormal_rows_or_columns() -> None:
    model = network((30, 20, 50))
    initialise(model, "orthogonal", 0)
    for layer in model:
        assert isinstance(layer, nn.Linear)
        weight = layer.weight.detach().double()
        square = weight @ weight.T if weight.shape[0] < weight.shape[1] else weight.T @ weight
        assert torch.allclose(square, torch.eye(len(square), dtype=torch.float64), atol=1e-5)
        assert not bool(layer.bias.any())


@pytest.mark.parametrize(("name", "factor"), [("he", 1.0), ("lecun", 0.5)])
def test_relu_layers_keep_at_two_over_n_and_halve_at_one_over_n(name: str, factor: float) -> None:
    rows = draws(name, widths=(300,) * 6, between=nn.ReLU)
    moments = [mean_square(rows, layer, "rms") for layer in range(5)]
    for last, this in pairwise(moments):
        assert this / last == pytest.approx(factor, rel=0.15)


# Both passes by hand ------------------------------------------------------------------------------


def by_hand(model: nn.Sequential, x: Tensor, seed: int) -> dict[str, list[float]]:
    """Compute both passes of linear layers with ReLUs between, with matrix products alone."""
    parameters = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    weights = [parameter.detach().double().numpy() for parameter in parameters]
    h, preactivations = x.double().numpy(), []
    for weight in weights:
        preactivations.append(h @ weight.T)
        h = np.maximum(preactivations[-1], 0)
    generator = torch.Generator().manual_seed(seed)
    gradient = torch.randn(preactivations[-1].shape, generator=generator).double().numpy()
    gradients = [gradient]
    for weight, below in zip(weights[:0:-1], preactivations[-2::-1], strict=True):
        gradients.insert(0, gradients[0] @ weight * (below > 0))

    def sizes(arrays: list[np.ndarray]) -> list[float]:
        return [sqrt(float((array**2).mean())) for array in arrays]

    dead = [float((np.maximum(z, 0) == 0).all(axis=0).mean()) for z in preactivations[:-1]]
    normed = [z / np.linalg.norm(z, axis=1, keepdims=True) for z in preactivations]
    cosines = [float((z[1:] * z[:-1]).sum(axis=1).mean()) for z in normed]
    return {"rms": sizes(preactivations), "gradient": sizes(gradients), "dead_in": dead,
            "cosine": cosines}  # fmt: skip


def measured(*, inplace: bool) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    layers = [nn.Linear(60, 9), nn.ReLU(inplace), nn.Linear(9, 8), nn.ReLU(inplace)]
    model = nn.Sequential(*layers, nn.Linear(8, 7))
    initialise(model, "he", 1)
    x = images()
    x[:, ::2] = 0
    records = recorded(model, Batch("", x), 5).records
    linear = [record for record in records if record.kind == "Linear"]
    result = {name: [getattr(record, name) for record in linear] for name in ("rms", "gradient")}
    result["dead_in"] = [record.dead_in for record in linear[1:]]
    result["cosine"] = [record.cosine for record in linear]
    return result, by_hand(model, x, 5)


@pytest.mark.parametrize("inplace", [False, True])
def test_both_passes_are_those_by_hand(*, inplace: bool) -> None:
    result, expected = measured(inplace=inplace)
    for name, numbers in expected.items():
        assert result[name] == pytest.approx(numbers, rel=1e-4), name


def test_hooks_on_the_wrong_side_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    hook = nn.Module.register_forward_hook

    def on_inputs(module: nn.Module, call: Callable[..., None], **words: bool) -> object:
        return hook(module, lambda m, args, kwargs, _: call(m, args, kwargs, args), **words)

    monkeypatch.setattr(nn.Module, "register_forward_hook", on_inputs)
    result, expected = measured(inplace=False)
    for name in ("rms", "gradient", "cosine"):
        assert result[name] != pytest.approx(expected[name], rel=1e-2)


def test_what_a_relu_overwrites_in_place_was_not_dead() -> None:
    model = network((60, 9, 5), lambda: nn.ReLU(inplace=True))
    nn.init.zeros_(next(model.parameters())[:3])
    biases = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    nn.init.constant_(biases[0], -1e-3)
    _, relu, last, _ = recorded(model, Batch("", images()), 0).records
    assert relu.dead_in == 0
    assert relu.dead_out == last.dead_in >= 3 / 9


def test_hooks_are_gone_afterwards() -> None:
    model = network()
    recorded(model, Batch("", images()), 0)
    assert not any(module._forward_hooks for module in model.modules())


def test_cross_entropy_is_taken_where_there_are_labels() -> None:
    labels = torch.arange(IMAGES) % 10
    model = network((60, 10))
    x = images()
    draw = recorded(model, Batch("", x, labels), 0)
    probabilities = torch.softmax(model(x).detach().double(), dim=1)
    probabilities[torch.arange(IMAGES), labels] -= 1
    expected = float((probabilities / IMAGES).square().mean().sqrt())
    assert draw.loss.startswith("cross-entropy")
    assert draw.records[0].gradient == pytest.approx(expected, rel=1e-5)


# Fans ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(6, 4), (6,)),
        (nn.Linear(6, 4), (3, 6)),
        (nn.Conv1d(2, 4, 3, stride=2, bias=False), (2, 8)),
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (4, 5, 5)),
        (nn.Conv2d(2, 3, 3, stride=2, dilation=2), (2, 9, 7)),
        (nn.Conv3d(1, 2, 3, padding="same"), (1, 3, 3, 3)),
        (nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1), (3, 4, 4)),
        (nn.ConvTranspose2d(4, 4, 3, stride=2, output_padding=1, groups=2), (4, 3, 3)),
    ],
)
def test_terms_are_the_entries_of_the_jacobian(layer: nn.Module, shape: tuple[int, ...]) -> None:
    assert fan_module.has_fans(layer)
    double = layer.double()
    x = torch.randn(1, *shape, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(double, x)  # type: ignore[no-untyped-call]  # torch has no types for it
    entries = int((jacobian != 0).sum())
    result = fans(double, (7, *shape))
    assert result.terms_in == pytest.approx(entries / double(x).numel())
    assert result.terms_out == pytest.approx(entries / x.numel())


def test_padding_by_reflection_takes_no_term_away() -> None:
    layer = nn.Conv2d(2, 5, 3, padding=1, padding_mode="reflect")
    assert fans(layer, (1, 2, 6, 6)).terms_in == 18
    assert fans(layer, (1, 2, 6, 6)).torch_in == 18


def test_transposed_fans_are_swapped_by_torch() -> None:
    result = fans(nn.ConvTranspose2d(16, 4, 4, stride=2), (1, 16, 40, 40))
    assert (result.torch_in, result.torch_out) == (64, 256)
    assert result.terms_in == pytest.approx(64, rel=0.06)  # 16 · 4² / 2², but for the edges
    assert result.terms_out == 64


def test_sums_of_a_layer_of_the_reader_are_not_known() -> None:
    class Squared(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x) ** 2

    result = fans(Squared(6, 4), (1, 6))
    assert (result.torch_in, result.torch_out, result.terms_in) == (6, 4, None)


# Ends of number formats ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "number_format", "layer"),
    [(-0.5, "float32", 298), (-0.5, "float16", 48), (0.5, "float32", 256), (1, "bfloat16", 128)],
)
def test_formats_end_where_the_recipe_says(rate: float, number_format: str, layer: int) -> None:
    line = growth([[2.0 ** (rate * at) for at in range(1, 13)]] * 3)
    assert line is not None
    end = ending(line, number_format)
    assert end is not None
    assert (end.layer, end.is_overflow) == (layer, rate > 0)


def test_a_size_that_settles_ends_nowhere() -> None:
    generator = np.random.default_rng(2)
    sizes = np.array([2.0**-layer for layer in range(5)] + [2.0**-5] * 12)
    line = growth([list(sizes * generator.uniform(0.9, 1.1, len(sizes))) for _ in range(6)])
    assert line is not None
    assert ending(line, "float16") is None


def test_a_few_layers_tell_nothing() -> None:
    assert growth([[1.0, 0.5, 0.25]] * 3) is None
    assert growth([[1.0, 0.5, 0.25, 0.0, 0.0]] * 3) is None
    line = growth([[1.0, 0.5, 0.25, 0.125]])
    assert isinstance(line, Growth)
    assert line.rate.mean == pytest.approx(log2(0.5))


# Kinds --------------------------------------------------------------------------------------------


def test_every_kind_is_told_by_module_or_by_function() -> None:
    from tests.trying import networks  # noqa: PLC0415 - makes a network when imported

    model = networks.functions()
    x = images(784)
    assert kinds.kinds(model, model(x)) == {"linear", "relu", "tanh", "gelu", "residual"}
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.SELU(),
        nn.ConvTranspose2d(4, 2, 3), nn.LeakyReLU(), nn.Softsign(),
    )  # fmt: skip
    names = kinds.kinds(model, model(torch.randn(2, 2, 5, 5)))
    assert names == {
        "convolution", "grouped_convolution", "zero_padding", "batch_normalisation", "selu",
        "transposed_convolution", "leaky_relu", "softsign",
    }  # fmt: skip


def test_a_bias_makes_no_residual_block() -> None:
    shift = nn.Parameter(torch.ones(4))
    layer = nn.Linear(3, 4)
    assert "residual" not in kinds.kinds(layer, layer(torch.ones(2, 3)) + shift)


def test_all_named_initialisations_can_be_drawn() -> None:
    for name in INITIALISATIONS:
        model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ConvTranspose2d(4, 2, 3))
        initialise(model, name, 0)
        for parameter in model.parameters():
            assert bool(parameter.any()) == (parameter.ndim > 1)  # biases are zero


def test_a_layer_that_is_called_twice_has_two_records() -> None:
    layer = nn.Linear(60, 60)
    records = recorded(nn.Sequential(layer, layer), Batch("", images()), 0).records
    assert [record.name for record in records] == ["0", "0 (2)"]
    assert recording.watched(layer)
