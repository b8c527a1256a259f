from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log2, pi

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from study.errors import StudyError
from study.lab.activations import NAMES, activation
from study.lab.inits import Fan, RandomLayers
from study.lab.propagation import Scheme, distinct, propagate
from study.lab.statistics import FIELDS, NATURAL, LayerStatistics
from study.lab.workspaces import Workspace

FANS: tuple[Fan, ...] = ("fan_in", "fan_out", "average")
SHARES = ("activation_gap", "activation_image_variance")
DOUBLE = torch.float64


@dataclass(frozen=True)
class Given:
    """Layers of given numbers."""

    matrices: Sequence[Tensor]

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.matrices[0].shape[1], *map(len, self.matrices))

    def weights(self, layer: int, out: Tensor | None = None) -> Tensor:
        matrix = self.matrices[layer - 1]
        return matrix if out is None else out.copy_(matrix)

    def biases(self, layer: int) -> Tensor:
        return self.matrices[layer - 1].new_zeros(self.widths[layer])


class Activate(nn.Module):
    """An activation as a module of its own."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.function(z)


def batch(images: int, widths: Sequence[int], dtype: torch.dtype = DOUBLE) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(images)
    inputs = torch.randn(images, widths[0], dtype=DOUBLE, generator=generator)
    cotangent = torch.randn(images, widths[-1], dtype=DOUBLE, generator=generator)
    return inputs.to(dtype), cotangent.to(dtype)


def by_autograd(
    inputs: Tensor, cotangent: Tensor, layers: RandomLayers, scheme: Scheme
) -> dict[str, Tensor]:
    """Build the same network of torch's own modules and let hooks and autograd measure it."""
    modules: list[nn.Module] = []
    for layer, std in enumerate(scheme.weight_stds(layers.widths), start=1):
        matrix = layers.weights(layer)
        linear = nn.Linear(matrix.shape[1], matrix.shape[0], dtype=DOUBLE)
        linear.weight = nn.Parameter(matrix * std)
        linear.bias = nn.Parameter(layers.biases(layer) * scheme.bias_variance**0.5)
        modules += [linear, Activate(scheme.activation.function)]
    outputs: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        output.retain_grad()
        outputs.append(output)

    for module in modules:
        module.register_forward_hook(keep)
    nn.Sequential(*modules)(inputs).backward(cotangent)

    z, h = ([output.detach() for output in outputs[start::2]] for start in (0, 1))
    dz, dh = ([output.grad for output in outputs[start::2]] for start in (0, 1))
    dw = [linear.weight.grad for linear in modules[::2] if isinstance(linear, nn.Linear)]

    def each(values: Sequence[Tensor | None], reduce: Callable[[Tensor], Tensor]) -> Tensor:
        return torch.stack([reduce(value) for value in values if value is not None])

    def square(values: Tensor) -> Tensor:
        return (values**2).mean()

    def over_units(values: Tensor) -> Tensor:
        return values.var(dim=1, correction=0).mean()

    def over_images(values: Tensor) -> Tensor:
        return values.var(dim=0, correction=0).mean() / square(values)

    def gap(values: Tensor) -> Tensor:
        cosines = nn.functional.cosine_similarity(values[:, None], values[None], dim=2, eps=0)
        return (1 - cosines).sum() / (len(values) * (len(values) - 1))

    return {
        "preactivation_mean": each(z, torch.mean),
        "preactivation_second_moment": each(z, square),
        "preactivation_variance": each(z, over_units),
        "activation_mean": each(h, torch.mean),
        "activation_second_moment": each(h, square),
        "activation_variance": each(h, over_units),
        "activation_gradient_second_moment": each(dh, square),
        "preactivation_gradient_second_moment": each(dz, square),
        "weight_gradient_second_moment": each(dw, square),
        "activation_gap": each(h, gap),
        "activation_image_variance": each(h, over_images),
    }


def assert_close(ours: LayerStatistics, theirs: dict[str, Tensor], rounding: float) -> None:
    assert set(theirs) == {*NATURAL, *SHARES}
    for name, expected in theirs.items():
        # A mean, a variance or a gap may be a small difference of large numbers, so its error is
        # measured against what it is a difference of.
        unit = expected.abs()
        if name.endswith("mean"):
            unit = theirs[name.replace("mean", "second_moment")].sqrt()
        elif name.endswith("variance") and name not in SHARES:
            unit = theirs[name.replace("variance", "second_moment")]
        elif name in SHARES:
            unit = torch.ones_like(expected)
        error = (getattr(ours, name) - expected).abs()
        assert (error <= rounding * unit).all(), (name, error, unit)


# Against autograd --------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    images=st.integers(2, 40),
    widths=st.lists(st.integers(3, 9), min_size=2, max_size=6),
    seed=st.integers(0, 10_000),
    scheme=st.builds(
        Scheme,
        # A shift, and a slope far from 0, keep a narrow ReLU network from dying.
        st.builds(activation, st.sampled_from(NAMES), slope=st.just(0.3), shift=st.just(0.25)),
        st.floats(0.1, 10),
        st.sampled_from(FANS),
        st.sampled_from([0.0, 0.3]),
    ),
)
def test_all_statistics_are_those_of_autograd(
    images: int, widths: list[int], seed: int, scheme: Scheme
) -> None:
    inputs, cotangent = batch(images, widths)
    layers = RandomLayers(tuple(widths), seed, draw=1, dtype=DOUBLE)
    (ours,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
    # float64 leaves 1e-15 or so per operation.
    assert_close(ours, by_autograd(inputs, cotangent, layers, scheme), 1e-12)


@pytest.mark.parametrize("memory", [1, 50_000, 2**31])
@pytest.mark.parametrize(("dtype", "rounding"), [(DOUBLE, 1e-12), (torch.float32, 2e-4)])
def test_many_schemes_at_once_are_those_of_autograd(
    memory: int, dtype: torch.dtype, rounding: float
) -> None:
    widths = (20, 30, 40, 25, 25, 30)
    inputs, cotangent = batch(70, widths)
    exact = RandomLayers(widths, 7, 3, dtype=DOUBLE)
    kinds: list[tuple[float, Fan, float]] = [
        (2.0, "fan_in", 0.0),
        (0.3, "fan_out", 0.0),
        (1.1, "average", 0.2),
    ]
    schemes = [Scheme(activation(name), *kind) for name in NAMES for kind in kinds]
    measured = propagate(
        inputs.to(dtype),
        replace(exact, dtype=dtype),
        schemes,
        cotangent=cotangent.to(dtype),
        workspace=Workspace(memory),
    )
    for scheme, ours in zip(schemes, measured, strict=True):
        # In float32 sums of 40 products lose 40 * 6e-8 at worst, each layer again.
        assert_close(ours, by_autograd(inputs, cotangent, exact, scheme), rounding)


def test_the_gradient_of_the_weights_is_that_of_finite_differences() -> None:
    widths = (3, 4, 5, 2)
    inputs, cotangent = batch(6, widths)
    layers = RandomLayers(widths, 5, 0, dtype=DOUBLE)
    scheme = Scheme(activation("gelu"), 1.7)
    (ours,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
    weights = [
        std * layers.weights(layer) for layer, std in enumerate(scheme.weight_stds(widths), start=1)
    ]

    def loss() -> float:
        h = inputs
        for matrix in weights:
            h = nn.functional.gelu(h @ matrix.T)
        return (h * cotangent).sum().item()

    for layer, matrix in enumerate(weights):
        squares = []
        for index in range(matrix.numel()):
            entry = matrix.view(-1)[index]
            value, step = entry.item(), 1e-5
            entry.fill_(value + step)
            above = loss()
            entry.fill_(value - step)
            squares.append(((above - loss()) / (2 * step)) ** 2)
            entry.fill_(value)
        expected = sum(squares) / len(squares)
        # Cancellation leaves 1e-15 / 1e-5, the third derivative 1e-10.
        assert ours.weight_gradient_second_moment[layer].item() == pytest.approx(expected, rel=1e-7)


# At any depth ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "weight_variance"),
    [
        *((name, 1e-3) for name in ("relu", "leaky_relu", "gelu", "elu", "selu", "mish")),
        *((name, 1e-3) for name in ("tanh", "softsign", "hardtanh", "relu6", "hardswish")),
        # With large weights what is bounded is chaotic: rounding grows from layer to layer.
        *((name, 1e3) for name in ("relu", "leaky_relu", "gelu", "elu", "selu", "mish")),
    ],
)
def test_beyond_float32_a_signal_goes_on_as_in_float64(name: str, weight_variance: float) -> None:
    # 60 layers take the second moment by about 2^-600 or 2^600, beyond float32 but not float64.
    widths = (12, *[16] * 60)
    inputs, cotangent = batch(5, widths)
    layers = RandomLayers(widths, 4, 0, dtype=DOUBLE)
    scheme = Scheme(activation(name, slope=0.3), weight_variance)
    (single,) = propagate(
        inputs.float(), replace(layers, dtype=torch.float32), [scheme], cotangent=cotangent.float()
    )
    exact = by_autograd(inputs, cotangent, layers, scheme)
    for name_ in NATURAL:
        if name_.endswith("second_moment"):
            bits = getattr(single, f"log2_{name_}")
            assert bits.abs().max() > 300
            # 60 layers of rounding, 1e-7 each, in bits of some hundred.
            torch.testing.assert_close(bits, exact[name_].log2(), rtol=0, atol=1e-3)
    torch.testing.assert_close(
        single.activation_image_variance, exact["activation_image_variance"], rtol=1e-3, atol=1e-6
    )


@pytest.mark.parametrize("size", [2.0**62, 2.0**-80])
def test_a_batch_of_any_size_is_taken(size: float) -> None:
    widths = (12, 16, 16)
    inputs, cotangent = batch(5, widths)
    layers = RandomLayers(widths, 4, 0, dtype=DOUBLE)
    scheme = Scheme(activation("gelu"), 2.0)
    (single,) = propagate(
        (size * inputs).float(),
        replace(layers, dtype=torch.float32),
        [scheme],
        cotangent=(size * cotangent).float(),
    )
    exact = by_autograd(size * inputs, size * cotangent, layers, scheme)
    for name in NATURAL:
        if name.endswith("second_moment"):
            bits = getattr(single, f"log2_{name}")
            torch.testing.assert_close(bits, exact[name].log2(), rtol=0, atol=1e-3)


def test_a_dead_image_does_not_hide_the_others() -> None:
    widths = (12, *[16] * 100)
    inputs, cotangent = batch(3, widths)
    layers = RandomLayers(widths, 4, 0)
    schemes = [Scheme(activation("tanh"), 0.01)]
    alive, cotangent = inputs[:2].float(), cotangent[:2].float()
    dead = torch.cat([alive, torch.zeros(1, 12)]), torch.cat([cotangent, torch.ones(1, 16)])
    (two,) = propagate(alive, layers, schemes, cotangent=cotangent)
    (three,) = propagate(dead[0], layers, schemes, cotangent=dead[1])
    assert two.log2_weight_gradient_second_moment.max() < -300
    torch.testing.assert_close(
        three.log2_weight_gradient_second_moment, two.log2_weight_gradient_second_moment
    )
    # With v = 1 - |mean|^2 / mean square, a third image of zero makes it 1 - (1 - v) * 2 / 3.
    with_the_dead = 1 - (1 - two.activation_image_variance) * 2 / 3
    torch.testing.assert_close(three.activation_image_variance, with_the_dead, rtol=1e-4, atol=1e-6)


def test_biased_and_unbiased_networks_may_share_their_numbers_at_any_depth() -> None:
    widths = (12, *[8] * 1300)
    inputs, _ = batch(2, widths, torch.float32)
    layers = RandomLayers(widths, 4, 0)
    without = Scheme(activation("tanh"), 0.25)
    (alone,) = propagate(inputs, layers, [without])
    together = propagate(inputs, layers, [without, replace(without, bias_variance=0.1)])
    assert alone.log2_activation_second_moment[-1] < -2000
    for name in FIELDS:
        if "gradient" not in name:
            torch.testing.assert_close(getattr(together[0], name), getattr(alone, name))
            assert getattr(together[1], name).isfinite().all()


def test_a_linear_signal_is_its_product_at_any_depth() -> None:
    # One unit: each layer multiplies by its one weight, so every number is known.
    depth = 3000
    layers = RandomLayers((1,) * (depth + 1), 2, 0)
    (ours,) = propagate(
        torch.ones(1, 1),
        layers,
        [Scheme(activation("linear"), 1e-3)],
        cotangent=torch.ones(1, 1),
        workspace=Workspace(1000),
    )
    bits = torch.tensor(
        [2 * log2(abs(layers.weights(layer).item())) + log2(1e-3) for layer in range(1, depth + 1)]
    ).double()
    up, total = bits.cumsum(0), bits.sum()
    torch.testing.assert_close(ours.log2_activation_second_moment, up, rtol=1e-6, atol=1e-3)
    torch.testing.assert_close(
        ours.log2_activation_gradient_second_moment, total - up, rtol=1e-6, atol=1e-3
    )
    torch.testing.assert_close(
        ours.log2_weight_gradient_second_moment, total - bits, rtol=1e-6, atol=1e-3
    )
    assert total < -30_000


def test_a_network_that_dies_has_a_logarithm_of_minus_infinity() -> None:
    dead = Given([-torch.ones(3, 2), torch.ones(3, 3)])
    (ours,) = propagate(
        torch.ones(2, 2), dead, [Scheme(activation("relu"), 2.0)], cotangent=torch.ones(2, 3)
    )
    assert ours.log2_preactivation_second_moment.isfinite().tolist() == [True, False]
    assert ours.log2_activation_second_moment.tolist() == [-torch.inf] * 2
    assert ours.activation_second_moment.tolist() == [0.0, 0.0]
    assert ours.log2_weight_gradient_second_moment.tolist() == [-torch.inf] * 2
    assert ours.activation_gap.isnan().all()


def test_images_of_very_different_size_keep_their_sizes() -> None:
    widths = (8, *[32] * 6)
    inputs, _ = batch(2, widths)
    inputs[1] *= 2.0**60
    layers = RandomLayers(widths, 1, 0, dtype=DOUBLE)
    scheme = Scheme(activation("relu"), 2.0)
    (ours,), (small,) = (propagate(rows, layers, [scheme]) for rows in (inputs, inputs[1:]))
    torch.testing.assert_close(
        ours.log2_activation_second_moment, small.log2_activation_second_moment - 1
    )


# What is shared, and what does not matter --------------------------------------------------------


FANNED: dict[Fan, tuple[float, float]] = {
    # From 2 units to 8 and from there to 32: 2 over 2 and 8, over 8 and 32, over 5 and 20.
    "fan_in": (1.0, 0.25),
    "fan_out": (0.25, 0.0625),
    "average": (0.4, 0.1),
}


@pytest.mark.parametrize("fan", FANS)
def test_a_scheme_divides_the_variance_by_the_fan_that_it_names(fan: Fan) -> None:
    stds = Scheme(activation("relu"), 2.0, fan).weight_stds((2, 8, 32))
    assert [std**2 for std in stds] == pytest.approx(FANNED[fan], rel=1e-12)


@pytest.mark.parametrize("fan", FANS)
def test_signal_and_gradient_are_those_of_weights_over_the_fan_named(fan: Fan) -> None:
    inputs, cotangent = batch(3, (2, 8, 32))
    layers = RandomLayers((2, 8, 32), 1, 0, dtype=DOUBLE)
    scheme = Scheme(activation("linear"), 2.0, fan)
    (ours,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
    low, high = (
        variance**0.5 * layers.weights(layer).numpy()
        for layer, variance in enumerate(FANNED[fan], start=1)
    )
    first = inputs.numpy() @ low.T
    signals = [first, first @ high.T]
    gradients = [cotangent.numpy() @ high, cotangent.numpy()]
    for found, expected in (
        (ours.log2_preactivation_second_moment, signals),
        (ours.log2_preactivation_gradient_second_moment, gradients),
    ):
        squares = [float((values**2).mean()) for values in expected]
        assert (2.0**found).tolist() == pytest.approx(squares, rel=1e-12)


def test_a_factor_on_the_weights_is_a_factor_on_a_relu_signal() -> None:
    widths = (10, 30, 20, 40)
    inputs, cotangent = batch(4, widths)
    layers = RandomLayers(widths, 1, 0, dtype=DOUBLE)
    relu = activation("relu")
    schemes = [Scheme(relu, c, fan) for c in (1.0, 2.0, 5.0) for fan in FANS]
    together = propagate(inputs, layers, schemes, cotangent=cotangent)
    for scheme, ours in zip(schemes, together, strict=True):
        theirs = by_autograd(inputs, cotangent, layers, scheme)
        assert_close(ours, theirs, 1e-12)


def test_only_what_differs_is_computed() -> None:
    relu, tanh = activation("relu"), activation("tanh")
    shared = [Scheme(relu, 1.0), Scheme(relu, 2.0, "fan_out"), Scheme(activation("relu"), 3.0)]
    assert len(distinct(shared)) == 1
    biased = Scheme(relu, 1.0, bias_variance=0.1)
    assert len(distinct([*shared, biased, Scheme(tanh, 1.0), Scheme(tanh, 2.0)])) == 4
    assert len(distinct([Scheme(activation("leaky_relu", slope=a), 1.0) for a in (0.1, 0.2)])) == 2


@pytest.mark.parametrize("images", [1, 31, 32, 33, 70])
def test_the_statistics_are_those_of_all_images_however_many(images: int) -> None:
    widths = (9, 12, 12)
    inputs, cotangent = batch(images, widths)
    layers = RandomLayers(widths, 1, 0, dtype=DOUBLE)
    scheme = Scheme(activation("tanh"), 2.0)
    (whole,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
    singly = [
        propagate(row[None], layers, [scheme], cotangent=top[None])[0]
        for row, top in zip(inputs, cotangent, strict=True)
    ]
    for name in NATURAL:
        if "second_moment" in name and "weight" not in name:
            mean = torch.stack([getattr(one, name) for one in singly]).mean(dim=0)
            torch.testing.assert_close(getattr(whole, name), mean, rtol=1e-12, atol=0)


def test_passes_of_other_sizes_and_precisions_in_one_workspace_leave_nothing_behind() -> None:
    workspace = Workspace(4000)
    schemes = [Scheme(activation("tanh"), 1.5), Scheme(activation("relu"), 2.0)]
    earlier = []
    for widths, dtype in (((9, 12, 12, 5), DOUBLE), ((7, 30, 8), torch.float32), ((9, 4), DOUBLE)):
        inputs, cotangent = (rows.to(dtype) for rows in batch(6, widths))
        layers = RandomLayers(widths, 1, 0, dtype=dtype)
        fresh = propagate(inputs, layers, schemes, cotangent=cotangent)
        again = propagate(inputs, layers, schemes, cotangent=cotangent, workspace=workspace)
        earlier.append((fresh, again))
    for fresh, again in earlier:
        for own, shared in zip(fresh, again, strict=True):
            for name in FIELDS:
                # Rounding depends on where in memory a tensor begins.
                theirs, ours = getattr(own, name), getattr(shared, name)
                torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_workspace_asks_for_memory_once() -> None:
    workspace = Workspace()
    like = torch.zeros(1)
    large, small = workspace.tensors("weights", like, [(3, 4), (5,)]), [(2, 2), (13,)]
    assert [tuple(tensor.shape) for tensor in large] == [(3, 4), (5,)]
    first = large[0].data_ptr()
    assert workspace.tensors("weights", like, small)[0].data_ptr() == first
    assert workspace.tensors("activations", like, small)[0].data_ptr() != first
    assert workspace.tensors("weights", like.double(), small)[1].dtype == DOUBLE


def test_without_a_cotangent_the_signal_is_the_same_and_the_gradients_are_nan() -> None:
    widths = (9, 30, 12, 30, 5)  # so that a segment would lie over what it reads
    inputs, cotangent = batch(40, widths)
    layers = RandomLayers(widths, 1, 0, dtype=DOUBLE)
    scheme = Scheme(activation("gelu"), 2.0)
    (both,) = propagate(inputs, layers, [scheme], cotangent=cotangent)
    for memory in (1, 2**31):
        (up,) = propagate(inputs, layers, [scheme], workspace=Workspace(memory))
        for name in FIELDS:
            if "gradient" in name:
                assert getattr(up, name).isnan().all()
            else:
                torch.testing.assert_close(
                    getattr(up, name), getattr(both, name), atol=1e-13, rtol=1e-13
                )


def test_statistics_are_one_number_per_layer_in_float64() -> None:
    widths = (5, 4, 2, 6)
    inputs, cotangent = batch(3, widths, torch.float32)
    (ours,) = propagate(
        inputs, RandomLayers(widths, 0, 0), [Scheme(activation("relu"), 2.0)], cotangent=cotangent
    )
    for name in (*FIELDS, *NATURAL):
        assert getattr(ours, name).shape == (3,)
        assert getattr(ours, name).dtype == DOUBLE


def test_arguments_stay_as_they_are() -> None:
    widths = (5, 4, 2)
    (inputs, cotangent), (before, gradient) = batch(3, widths), batch(3, widths)
    layers = RandomLayers(widths, 0, 0, dtype=DOUBLE)
    propagate(inputs, layers, [Scheme(activation("relu"), 1e9)], cotangent=cotangent)
    assert torch.equal(inputs, before)
    assert torch.equal(cotangent, gradient)


# Angles and images -------------------------------------------------------------------------------


def test_differences_between_images_are_no_part_of_a_variance() -> None:
    one_unit = Given([torch.ones(3, 1, dtype=DOUBLE)])  # three equal units per image
    images = torch.tensor([[1.0], [5.0]], dtype=DOUBLE)
    (ours,) = propagate(images, one_unit, [Scheme(activation("linear"), 1.0)])
    assert ours.preactivation_mean.item() == pytest.approx(3)
    assert ours.preactivation_second_moment.item() == pytest.approx(13)
    assert ours.preactivation_variance.item() == pytest.approx(0, abs=1e-12)
    assert ours.activation_image_variance.item() == pytest.approx(4 / 13)
    assert ours.activation_gap.item() == pytest.approx(0, abs=1e-15)


def test_a_gap_is_one_minus_the_cosine_however_small() -> None:
    identity = Given([torch.eye(2, dtype=DOUBLE)])
    scheme = Scheme(activation("linear"), 2.0)
    for angle in (pi / 2, 1.0, 1e-3, 1e-7, 1e-12):
        along = torch.tensor(angle, dtype=DOUBLE)
        images = torch.stack([torch.tensor([1.0, 0.0]).double(), 3 * _direction(along)])
        (ours,) = propagate(images, identity, [scheme])
        # 1 - cos is twice the square of the sine of half the angle, which loses no digits.
        expected = 2 * (along / 2).sin() ** 2
        assert ours.activation_gap.item() == pytest.approx(expected.item(), rel=1e-3)


def _direction(angle: Tensor) -> Tensor:
    return torch.stack([angle.cos(), angle.sin()])


# What is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "cotangent", "message"),
    [
        ((3, 6), (3, 2), r"inputs of shape \(3, 6\): must be \(3, 5\)"),
        ((3, 5), (4, 2), r"cotangent of shape \(4, 2\): must be \(3, 2\)"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(
    inputs: tuple[int, int], cotangent: tuple[int, int], message: str
) -> None:
    layers = RandomLayers((5, 4, 2), 0, 0)
    with pytest.raises(StudyError, match=message):
        propagate(
            torch.ones(inputs),
            layers,
            [Scheme(activation("relu"), 1.0)],
            cotangent=torch.ones(cotangent),
        )


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), 1e30])
def test_a_variance_that_is_none_is_refused(wrong: float) -> None:
    with pytest.raises(StudyError, match=r"weight_variance -?[0-9.a-z+]+: must be above 0"):
        Scheme(activation("relu"), wrong)
    with pytest.raises(StudyError, match=r"bias_variance -?[0-9.a-z+]+: must be from 0"):
        Scheme(activation("relu"), 1.0, bias_variance=wrong)


def test_weights_of_no_variance_are_refused() -> None:
    with pytest.raises(StudyError, match=r"weight_variance 0\.0: must be above 0"):
        Scheme(activation("relu"), 0.0)


@pytest.mark.parametrize(
    ("inputs", "schemes", "message"),
    [
        (torch.ones(0, 5), 1, "inputs: there must be at least one image"),
        (torch.ones(3, 5, dtype=torch.float16), 1, "inputs in torch.float16: must be in"),
        (torch.ones(3, 5), 0, "schemes: name at least one"),
    ],
)
def test_what_no_network_can_take_is_refused(inputs: Tensor, schemes: int, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        propagate(inputs, RandomLayers((5, 4), 0, 0), [Scheme(activation("relu"), 1.0)] * schemes)


def test_a_fan_that_is_none_is_refused() -> None:
    with pytest.raises(StudyError, match="fan 'both' is unknown; choose from fan_in, fan_out"):
        Scheme(activation("relu"), 1.0, fan="both")  # type: ignore[arg-type]


@pytest.mark.gpu
def test_statistics_on_the_gpu_are_those_on_the_cpu() -> None:
    widths = (784, 256, 256, 256, 256)
    layers = RandomLayers(widths, 1, 0)
    inputs, cotangent = batch(64, widths, torch.float32)
    schemes = [Scheme(activation(name), 2.0) for name in ("relu", "gelu", "tanh")]
    on_cpu = propagate(inputs, layers, schemes, cotangent=cotangent)
    on_gpu = propagate(
        inputs.cuda(), replace(layers, device="cuda"), schemes, cotangent=cotangent.cuda()
    )
    for cpu, gpu in zip(on_cpu, on_gpu, strict=True):
        for name in (*NATURAL, *SHARES):
            # Both are float32 and sum in another order: 784 * 6e-8 at worst in the first layer.
            torch.testing.assert_close(getattr(gpu, name), getattr(cpu, name), rtol=2e-4, atol=2e-5)
