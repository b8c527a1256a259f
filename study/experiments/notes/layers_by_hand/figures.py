"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.notes.layers_by_hand.claims import ROUNDING
from study.record.drawing import estimates
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def differences_by_operation(run: Run) -> "Figure":
    """Relative difference from torch of five operations by hand: none above twenty roundings."""
    figure, axes = plt.subplots()
    quantities = {
        "product\nby loops": "matrix_product_difference.loops",
        "product by\nbroadcasting": "matrix_product_difference.broadcasting",
        "product\nby einsum": "matrix_product_difference.einsum",
        "convolution": "convolution_difference.float64",
        "batch nor-\nmalisation": "normalisation_difference.float64",
    }
    values = [run.values[quantity] for quantity in quantities.values()]
    estimates(axes, range(len(values)), values, scale=1 / ROUNDING, capsize=3)
    axes.set_xticks(range(len(values)), list(quantities), fontsize=8)
    axes.set(ylabel="relative difference, in roundings of float64", ylim=(-1, None))
    return figure


FIGURES = (differences_by_operation,)
