import pytest
import torch

from study.experiments.depth_direction.input_sets import equally_apart


@pytest.mark.parametrize("gap", [1e-5, 0.3, 1.0])
def test_any_two_inputs_have_the_cosine_asked_for(gap: float) -> None:
    images = torch.randn(7, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inputs = equally_apart(images, gap)
    assert inputs.shape == (6, 50)
    expected = torch.full((6, 6), 1 - gap, dtype=torch.float64).fill_diagonal_(1)
    torch.testing.assert_close(inputs @ inputs.T / 50, expected)


def test_the_inputs_are_combinations_of_the_images() -> None:
    images = torch.randn(4, 9, generator=torch.Generator().manual_seed(1))
    inputs = equally_apart(images, 0.5)
    assert inputs.dtype == torch.float32
    assert torch.linalg.matrix_rank(torch.cat([images, inputs]), rtol=1e-5) == 4
