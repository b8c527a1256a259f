import re
from functools import partial

import pytest
import torch
from torch import nn

from study import catalogue, configuring
from study.errors import StudyError
from study.experiments.notes.layers_by_hand import claims, method
from study.lab.mnist import Mnist
from tests.configs import small_config

NAME = "layers_by_hand"


PREDICTIONS = {
    "s001-promise-operator": 0,
    "convolution-is-a-matrix-product": 0,
    "batch-normalisation-by-hand": 0,
    "s000-two-layers-parameters": 4,
    "s004-shape-assert": 1,
    "s004-shape-assert-printed": 1,
    "s004-architecture": 1,
}


small = partial(
    small_config, NAME, draws=2, **{"convolution.images": 4, "normalisation.images": 30}
)


@pytest.mark.parametrize(
    ("fault", "value", "quantity"),
    [
        ("products_left_out", 1, "matrix_product_difference.loops"),
        ("products_left_out", 1, "matrix_product_difference.broadcasting"),
        ("products_left_out", 1, "matrix_product_difference.einsum"),
        ("kernel_flipped", True, "convolution_difference.float64"),
        ("constant_statistics", True, "normalisation_difference.float64"),
    ],
)
def test_a_planted_mistake_is_no_rounding(
    embedded: Mnist, fault: str, value: float, quantity: str
) -> None:
    (difference,) = catalogue.load(NAME).run(small(), embedded, [0]).samples[quantity]
    (faulty_difference,) = (
        catalogue.load(NAME)
        .run(small(**{f"planted.{fault}": value}), embedded, [0])
        .samples[quantity]
    )
    assert difference < 1e-13
    assert faulty_difference > 1e-3


@pytest.mark.parametrize("field", ["product.rows", "convolution.images", "normalisation.images"])
def test_more_images_than_there_are_are_refused(embedded: Mnist, field: str) -> None:
    message = re.escape(f"experiment.{field}=4001: there are only 4000")
    with pytest.raises(StudyError, match=f"^{message}$"):
        method.prepare(small(**{field: 4001}), embedded)


def test_all_products_left_out_leave_all_of_the_difference(embedded: Mnist) -> None:
    samples = (
        catalogue.load(NAME).run(small(**{"planted.products_left_out": 784}), embedded, [0]).samples
    )
    products = {key: x for key, x in samples.items() if key.startswith("matrix")}
    assert set(map(tuple, products.values())) == {(1.0,)}


def test_the_largest_difference_is_the_largest(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    ways = [samples[f"matrix_product_difference.{w}"] for w in ("loops", "broadcasting", "einsum")]
    assert samples["matrix_product_difference.largest"] == [max(x) for x in zip(*ways, strict=True)]


def test_no_two_draws_are_equal(embedded: Mnist) -> None:
    samples = catalogue.load(NAME).run(small(), embedded, [0, 1]).samples
    first, second = samples["convolution_difference.float64"]
    assert first != second


def test_shapes_and_counts_are_those_of_a_network_of_torch(embedded: Mnist) -> None:
    images = embedded.standardised(embedded.validation.images)
    values = method.architecture(small(), images)
    for loss, outputs in (("mse", 1), ("cross_entropy", 10)):
        network = nn.Sequential(nn.Linear(784, 50), nn.ReLU(), nn.Linear(50, outputs))
        count = sum(parameter.numel() for parameter in network.parameters())
        assert values[f"parameters.{loss}"] == count
        assert values["parameter_tensors.mse"] == len(list(network.parameters()))
        assert network(images).shape == (len(images), outputs)
    assert values["parameters.mse"] == 39_301
    assert values["shape_asserted.mse"] == values["shapes_described.both"] == 1
    assert values["shape_printed.mse"] == 0  # there are not 10,000 images here
    assert method.architecture(small(), torch.zeros(10_000, 784))["shape_printed.mse"] == 1


@pytest.mark.parametrize(
    ("field", "value", "quantity"),
    [
        ("hidden", 49, "shapes_described.both"),
        ("outputs.mse", 2, "shapes_described.both"),
        ("outputs.mse", 2, "shape_asserted.mse"),
        ("outputs.cross_entropy", 11, "shapes_described.both"),
        ("planted.column_removed", True, "shape_asserted.mse"),
    ],
)
def test_another_shape_is_told_apart(
    embedded: Mnist, field: str, value: float, quantity: str
) -> None:
    images = embedded.standardised(embedded.validation.images)
    assert method.architecture(small(**{field: value}), images)[quantity] == 0


def test_a_bias_left_out_is_one_tensor_less(embedded: Mnist) -> None:
    images = embedded.standardised(embedded.validation.images)
    counts, faulty_counts = (
        method.architecture(small(**{"planted.bias_left_out": fault}), images)
        for fault in (False, True)
    )
    assert counts | {"parameter_tensors.mse": 3.0} == faulty_counts


def test_the_bands_count_what_the_reference_sums_over() -> None:
    settings = configuring.plain_settings(NAME, "reference")
    places = (28 + 2 * 2 - 5) // 2 + 1
    bands = {claim.id: claim.band.high for claim in claims.CLAIMS}
    assert settings["convolution"] == {
        "images": 64,
        "channels": 8,
        "kernel": 5,
        "stride": 2,
        "padding": 2,
    }
    terms = settings["convolution"]["images"] * places**2
    assert bands["convolution-is-a-matrix-product"] == terms**0.5 * 2.0**-53
    rows = settings["normalisation"]["images"]
    assert bands["batch-normalisation-by-hand"] == pytest.approx(rows**0.5 * 2.0**-53)
    assert bands["s001-promise-operator"] == 784 * 2.0**-53
