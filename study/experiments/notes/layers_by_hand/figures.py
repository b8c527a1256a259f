"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.notes.layers_by_hand.claims import ROUNDING
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def differences_by_operation(run: Run) -> "Figure":
    """Relative difference from torch of five operations by hand: none above twenty roundings."""
    figure, axes = plt.subplots()
    quantities = {
        "product by loops": "matrix_product_difference.loops",
        "product by\nbroadcasting": "matrix_product_difference.broadcasting",
        "product by einsum": "matrix_product_difference.einsum",
        "convolution": "convolution_difference.float64",
        "batch\nnormalisation": "normalisation_difference.float64",
    }
    values = [run.values[quantity] for quantity in quantities.values()]
    means, reaches = (
        [getattr(value, part) / ROUNDING for value in values] for part in ("mean", "half_width")
    )
    axes.errorbar(means, range(len(values)), xerr=reaches, fmt="o", capsize=3)
    axes.set_yticks(range(len(values)), list(quantities))
    axes.invert_yaxis()
    axes.set(xlabel="relative difference, in roundings", xlim=(-1, None))
    return figure


FIGURES = (differences_by_operation,)
