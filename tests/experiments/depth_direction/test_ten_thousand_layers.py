from collections.abc import Mapping, Sequence
from functools import partial
from math import inf, isnan, log, log2, nan, pi
from typing import Any

import pytest
import torch
from torch.nn import functional

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.depth_direction.residual import Chain, Residual
from study.experiments.depth_direction.ten_thousand_layers import method
from study.lab.mnist import Mnist, Split
from study.lab.rate_search import Search
from study.lab.training import History
from study.record.draws import Draw
from study.record.estimates import rate
from study.record.results import Table
from study.theory.activations import activation
from study.theory.mean_field import gradient_factor, length_fixed_point, length_map
from tests.configs import small_config

NAME = "ten_thousand_layers"
TANH = activation("tanh")


small = partial(
    small_config,
    NAME,
    draws=2,
    width=12,
    batch=16,
    updates=2,
    images=64,
    **{"first_update.few": 2, "first_update.many": 20},
    **{f"arms.{arm}.layers": 8 for arm in configuring.plain_settings(NAME, "quick")["arms"]},
)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"batch": 65}, "batch=65, images=64: the images do not fill one minibatch"),
        ({"validation": 1}, "validation=1: input should be greater than or equal to 2"),
        (
            {"arms.fixup.learning_rates": [0.1, 0.1]},
            "arms.fixup.learning_rates=[0.1, 0.1]: must all differ",
        ),
    ],
)
def test_settings_that_clash_are_refused_in_one_line(changes: dict[str, Any], refusal: str) -> None:
    with pytest.raises(StudyError) as error:
        small(**changes)
    assert str(error.value) == f"experiment.{refusal}"


def test_arms_that_are_read_by_name_cannot_be_missing() -> None:
    settings = configuring.plain_settings(NAME, "quick")
    del settings["arms"]["fixup"]
    with pytest.raises(StudyError) as error:
        configuring.checked(method.Config, settings)
    assert str(error.value) == (
        "experiment.arms=orthogonal_tanh, gaussian_tanh, plain_residual, batch_normalised: "
        "fixup must be among them"
    )


def test_more_validation_images_than_there_are_are_refused_in_one_line(embedded: Mnist) -> None:
    with pytest.raises(StudyError) as error:
        method.prepare(small(validation=10**6), embedded)
    assert str(error.value) == "experiment.validation=1000000: there are only 500"


def batch_of(mnist: Mnist) -> Split:
    first = mnist.train.first(64)
    return Split(mnist.standardised(first.images), first.labels)


def started(mnist: Mnist, arm: str, **changes: Any) -> Chain | Residual:  # noqa: ANN401
    config = small(**changes)
    return method.make_network(config, config.arms[arm], 0, batch_of(mnist).images)


def history(*losses: float, error: float = 0.25) -> History:
    return History([*losses], {len(losses): {"error": error}})


# Networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", ["orthogonal_tanh", "gaussian_tanh", "batch_normalised"])
def test_a_chain_has_as_many_weights_as_layers(embedded: Mnist, arm: str) -> None:
    network = started(embedded, arm)
    assert isinstance(network, Chain)
    assert 1 + len(network.hidden) + 1 == 8


def test_a_residual_network_has_as_many_weights_as_layers(embedded: Mnist) -> None:
    network = started(embedded, "fixup")
    assert isinstance(network, Residual)
    assert 1 + len(network.inner) + len(network.outer) + 1 == 8


def test_both_tanh_networks_have_weights_of_one_variance(embedded: Mnist) -> None:
    for arm in ("orthogonal_tanh", "gaussian_tanh"):
        network = started(embedded, arm, width=100)
        assert isinstance(network, Chain)
        assert 100 * network.hidden.square().mean().item() == pytest.approx(1.06, rel=0.03)


def test_fixup_starts_at_zero_with_scaled_branches(embedded: Mnist) -> None:
    scaled_network, plain_network = (started(embedded, arm) for arm in ("fixup", "plain_residual"))
    assert isinstance(scaled_network, Residual)
    assert isinstance(plain_network, Residual)
    assert not scaled_network.outer.any()
    assert not scaled_network.last.any()
    assert plain_network.outer.all()
    torch.testing.assert_close(
        scaled_network.inner * 3**0.5, plain_network.inner
    )  # eight layers, three blocks


def test_compared_networks_choose_among_the_same_rates() -> None:
    for scales in ((), ("quick",), ("brief",), ("quick", "brief")):
        arms = configuring.plain_settings(NAME, *scales)["arms"]
        orthogonal, gaussian = arms["orthogonal_tanh"], arms["gaussian_tanh"]
        assert {key for key in orthogonal if orthogonal[key] != gaussian[key]} == {"distribution"}


def test_the_reference_has_ten_thousand_layers() -> None:
    arms = configuring.plain_settings(NAME)["arms"]
    assert {arm["layers"] for arm in arms.values()} == {10_000}
    assert arms["orthogonal_tanh"]["weight_variance"] == pytest.approx(1.01**2)


# What is read of them ----------------------------------------------------------------------------


def test_a_diverged_training_has_learnt_nothing_and_counts_as_a_guess() -> None:
    diverged_history = history(2.3, nan, error=nan)
    assert method.learnt(diverged_history) == 0
    best = {"orthogonal_tanh": diverged_history, "fixup": history(1.0, 1.0, error=0.1)}
    values = method.compared(best, 2)
    assert values["error.orthogonal_tanh"] == pytest.approx(0.9)
    assert values["error.better_unnormalised"] == 0.1
    assert values["learnt.fixup"] == pytest.approx(1 - 1 / log(10))
    assert values["rate.nothing_learnt.orthogonal_tanh"] == 1
    assert values["rate.nothing_learnt.fixup"] == 0


def test_all_of_the_draws_make_a_rate_of_more_than_half() -> None:
    for scales in ((), ("quick",)):
        draws = configuring.plain_settings(NAME, *scales)["draws"]
        assert rate([1.0] * draws).low > 0.5
    assert rate([1.0] * 6).low < 0.5


def test_the_rate_that_taught_most_counts() -> None:
    histories = {0.1: history(2.3, 2.0), 0.2: history(2.3, 1.0), 0.3: history(0.1, nan)}
    assert Search({"fixup": histories}, method.unlearnt).best("fixup") is histories[0.2]
    worse_histories = histories | {0.1: history(9.0), 0.2: history(9.0)}
    assert (
        Search({"fixup": worse_histories}, method.unlearnt).best("fixup") is worse_histories[0.1]
    )  # a finite one


def test_pieces_without_a_number_are_not_drawn() -> None:
    whole_draw = {"fixup": History([2.0] * 10 + [1.0] * 10, {})}
    diverged_draw = {"fixup": History([4.0] * 10 + [nan] * 10, {})}
    rows = tables([whole_draw, diverged_draw])["losses"]
    assert [(row["update"], row["mean"]) for row in rows] == [(1, 3.0), (10, 3.0)]
    assert [row["update"] for row in tables([whole_draw, whole_draw])["losses"]] == [1, 10, 20]


def test_sizes_are_drawn_as_far_as_all_draws_go() -> None:
    sizes = {"plain_residual": [0.0] * 9, "batch_normalised": [1.0] * 17}
    short_sizes = sizes | {"batch_normalised": [2.0] * 5}
    for draws in ([sizes, short_sizes], [short_sizes, sizes]):
        rows = tables(sizes=draws)["sizes"]
        assert [(row["arm"], row["layers"], row["mean"]) for row in rows] == [
            ("plain_residual", 0, 0.0),
            ("plain_residual", 8, 0.0),
            ("plain_residual", 16, 0.0),
            ("batch_normalised", 0, 1.5),
        ]


SHORT = {"fixup": History([1.0], {})}
FLAT = {"plain_residual": [0.0], "batch_normalised": [0.0]}


def tables(
    best: Sequence[Mapping[str, History]] = (SHORT, SHORT),
    sizes: Sequence[Mapping[str, list[float]]] = (FLAT, FLAT),
) -> Mapping[str, Table]:
    """Return the tables of draws by what is left of their trainings, and by their sizes."""
    pairs = enumerate(zip(best, sizes, strict=True))
    draws = {
        index: Draw(
            {}, {"losses": method.loss_rows(histories), "sizes": method.size_rows(arm_sizes)}
        )
        for index, (histories, arm_sizes) in pairs
    }
    return method.tables(small(), draws)


def test_signals_are_measured_until_a_value_is_infinite(embedded: Mnist) -> None:
    config = small(**{"arms.plain_residual.layers": 802})
    arm, data = config.arms["plain_residual"], batch_of(embedded)
    powers = method.powers(config, arm, 0, data)
    network = method.make_network(config, arm, 0, data.images)
    assert isinstance(network, Residual)
    *finite, next_signal = [*network.double().signals(data.images[: config.batch].double())][
        : len(powers) + 1
    ]
    assert powers[-1] == pytest.approx(finite[-1].square().mean().log2().item() / 2, rel=1e-4)
    assert all(values.abs().max() < 2.0**128 for values in finite)
    # Float64 goes on; in float32 the sums inside the next block end as well.
    assert next_signal.abs().max() > 2.0**127


def test_gradients_are_those_of_the_loss_from_the_top(embedded: Mnist) -> None:
    config, data = small(), batch_of(embedded)
    arm = config.arms["batch_normalised"]
    powers = method.powers(config, arm, 1, data)
    network = method.make_network(config, arm, 1, data.images)
    assert isinstance(network, Chain)
    images, labels = data.images[:16], data.labels[:16]
    loss = functional.cross_entropy(network(images), labels)
    (gradient,) = torch.autograd.grad(loss, network.hidden)
    sizes = gradient.square().mean(dim=(1, 2)).log2() / 2
    assert powers == pytest.approx(sizes.flip(0).tolist(), rel=1e-4)


def test_a_first_update_follows_the_formula(embedded: Mnist) -> None:
    config, batch = small(), batch_of(embedded).first(16)
    images = batch.images.double()
    network = method.with_branches(config, 20, 0.5, 0, images)
    outputs = network(images).detach().requires_grad_()
    loss = functional.cross_entropy(outputs, batch.labels)
    (cotangent,) = torch.autograd.grad(loss, outputs)
    signal = images @ network.first.T
    kernel = torch.zeros(16, 16).double()
    for inner in network.inner:
        activation = (signal @ inner.T).relu()
        kernel += activation @ activation.T
    expected = kernel @ cotangent @ network.last @ network.last.T
    values = method.first_updates(config, 0, batch)
    rms = expected.square().mean().sqrt().item()
    assert values["output_change.scaled"] == pytest.approx(rms, rel=1e-3)
    assert values["output_change.unscaled"] == pytest.approx(20 * rms, rel=1e-2)


def test_an_update_that_overflows_is_no_crash(embedded: Mnist) -> None:
    result = catalogue.load(NAME).run(small(**{"arms.plain_residual.layers": 802}), embedded, [0])
    assert result.samples["learnt.plain_residual"] == [0.0]
    assert result.samples["error.plain_residual"][0] == pytest.approx(0.9)
    assert not any(isnan(x) or abs(x) == inf for row in result.samples.values() for x in row)


# The numbers of the chapter ----------------------------------------------------------------------


@pytest.mark.parametrize("length", [0.002, 0.01])
def test_the_gain_of_a_small_length(length: float) -> None:
    variance = 1 + 2 * length - 5 / 3 * length**2
    assert length_map(TANH, length, variance, 0.0) == pytest.approx(length, rel=10 * length**3)
    excess = gradient_factor(TANH, length, variance) - 1
    assert excess == pytest.approx(4 / 3 * length**2, rel=15 * length)


def test_the_example_of_gain_one_hundredth_above_one() -> None:
    length = length_fixed_point(TANH, 1.01**2, 0.0, start=0.02)
    factor = gradient_factor(TANH, length, 1.01**2)
    assert length == pytest.approx(0.0101, abs=5e-5)
    assert factor - 1 == pytest.approx(1.29e-4, abs=5e-7)
    assert factor**10_000 == pytest.approx(3.6, abs=0.05)
    assert 8 * length**2 * 10_000 == pytest.approx(8, abs=0.5)
    estimate = 4 / 3 * 0.0101**2
    assert estimate == pytest.approx(1.4e-4, abs=5e-6)
    difference = length_map(TANH, length + 1e-5, 1.01**2, 0.0) - length
    assert difference / 1e-5 == pytest.approx(1 - 2 * length, abs=1e-3)
    assert 1 / (2 * length) == pytest.approx(50, abs=2)


def test_with_unit_gain_the_size_goes_as_the_root_of_twice_the_depth() -> None:
    length = 0.02
    for _ in range(10_000):
        length = length_map(TANH, length, 1.0, 0.0) if length > 1e-3 else length - 2 * length**2
    assert length**0.5 == pytest.approx(0.007, abs=5e-4)


def test_a_typical_doubling_is_a_little_less() -> None:
    generator = torch.Generator().manual_seed(3)
    width, draws = 64, 4000
    signal = torch.ones(width).double()
    inner = torch.randn(draws, width, generator=generator).double() * 2**0.5  # W x, for |x|² = n
    norms = inner.relu().square().sum(dim=1, keepdim=True).sqrt()
    branch = torch.randn(draws, width, generator=generator).double() * norms / width**0.5
    ratio = (signal + branch).square().sum(dim=1) / width
    assert ratio.mean().item() == pytest.approx(2, rel=0.02)
    assert width * ratio.var().item() == pytest.approx(11, rel=0.1)
    assert log(2) - ratio.log().mean().item() == pytest.approx(11 / (8 * width), rel=0.4)


def test_the_column_of_four() -> None:
    column = torch.tensor([-1.0, -1.0, 1.0, 1.0]).relu()
    assert column.square().mean() / column.var(correction=0) == 2


# Predictions -------------------------------------------------------------------------------------


PREDICTIONS = pytest.approx(
    {
        "vanilla-ten-thousand": None,
        "vanilla-ten-thousand-gaussian-fails": None,
        "fixup-ten-thousand": None,
        "fixup-rules": 1000 * (1000**-0.5) ** 2 / (100 * (100**-0.5) ** 2),
        "fixup-without-the-factor": 1000 / 100,
        "plain-residual-ten-thousand": 128 / (log2(2) / 2),
        "normalisation-alone-fails": 1,
        "normalised-gradient-overflows": 128 / (0.5 * log2(pi / (pi - 1))),
    },
    rel=1e-9,
)
