import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from study.errors import StudyError
from study.theory.fans import end_to_end, mean_taps, taps_by_place


@given(
    places=st.integers(1, 6),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    output_padding=st.integers(0, 1),
)
@settings(max_examples=80)
def test_taps_are_those_that_torch_adds_up(
    places: int, kernel: int, stride: int, padding: int, output_padding: int
) -> None:
    # With ones for the input and for the kernel an output is the number of its terms.
    side = stride * (places - 1) + kernel - 2 * padding + output_padding
    if side < 1 or output_padding >= stride:  # torch refuses these
        return
    counted = functional.conv_transpose1d(
        torch.ones(1, 1, places),
        torch.ones(1, 1, kernel),
        stride=stride,
        padding=padding,
        output_padding=output_padding,
    )
    ours = taps_by_place(places, kernel, stride, padding, output_padding)
    assert ours == counted.flatten().tolist()
    assert mean_taps(places, kernel, stride, padding, output_padding) == pytest.approx(
        counted.mean().item()
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("places", [1, 2, 7, 500])
def test_the_mean_has_a_closed_form_without_padding(places: int, stride: int) -> None:
    expected = places * 4 / (stride * (places - 1) + 4)
    assert mean_taps(places, 4, stride) == pytest.approx(expected)


def test_a_large_map_has_k_over_s_of_them() -> None:
    assert mean_taps(100_000, 4, 2) == pytest.approx(2, rel=1e-4)


@pytest.mark.parametrize(
    "wrong", [{"places": 0}, {"stride": 0}, {"padding": -1}, {"padding": 2, "kernel": 2}]
)
def test_no_place_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(StudyError):
        taps_by_place(**({"places": 1, "kernel": 3} | wrong))


def fans(layers: list[nn.Conv2d | nn.Linear]) -> list[tuple[int, int]]:
    return [torch.nn.init._calculate_fan_in_and_fan_out(layer.weight) for layer in layers]


def test_kernels_of_any_size_cancel() -> None:
    with torch.device("meta"):
        layers: list[nn.Conv2d | nn.Linear] = [
            nn.Conv2d(3, 64, 7),
            nn.Conv2d(64, 128, 2),
            nn.Conv2d(128, 256, 5),
            nn.Conv2d(256, 512, 3),
            nn.Conv2d(512, 1000, 1),
        ]
    assert end_to_end(fans(layers)) == pytest.approx(64 / 1000)  # the 0.064 of the page


def test_places_of_a_flattened_map_do_not_cancel() -> None:
    with torch.device("meta"):
        layers: list[nn.Conv2d | nn.Linear] = [
            nn.Conv2d(3, 64, 3),
            nn.Conv2d(64, 128, 5),
            nn.Conv2d(128, 512, 3),
            nn.Linear(512 * 7 * 7, 4096),
            nn.Linear(4096, 4096),
            nn.Linear(4096, 1000),
        ]
    assert end_to_end(fans(layers)) == pytest.approx(49 * 64 / 1000)
    assert round(end_to_end(fans(layers)), 1) == 3.1  # as on the page
    # Average pooling to one place before the first fully connected layer leaves no such factor.
    with torch.device("meta"):
        layers[3] = nn.Linear(512, 4096)
    assert end_to_end(fans(layers)) == pytest.approx(64 / 1000)
