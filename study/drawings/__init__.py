"""Drawings by code, for the pages: pure functions of what :mod:`study.theory` says.

Each is a picture that says one thing, with all the numbers in it; no drawing is a measurement.
"""

from collections.abc import Callable, Mapping

from study.drawings import (
    bells,
    curves,
    defaults,
    geometry,
    graphs,
    layers,
    networks,
    neurons,
    probability,
    tables,
)
from study.drawings.canvas import Drawing

DRAWINGS: Mapping[str, Callable[[], Drawing]] = {
    draw.__name__.replace("_", "-"): draw
    for draw in (
        neurons.neuron_fan_in,
        tables.lit_diagonal,
        tables.shape_of_w,
        bells.bell,
        bells.halves_of_a_bell,
        bells.log_normal,
        bells.what_a_relu_halves,
        graphs.computation_graph,
        graphs.modules_forward_and_backward,
        graphs.residual_block,
        geometry.closing_fan,
        geometry.cobweb,
        geometry.circle_to_ellipse,
        geometry.narrow_valley,
        networks.widths_with_signal_and_gradient,
        networks.halving_by_layer,
        networks.torch_default_by_layer,
        networks.drifting_networks,
        networks.float32_ruler,
        networks.the_last_layer_decides,
        curves.sigmoid_plateau,
        curves.tanh_is_straight_near_zero,
        curves.leaky_slopes,
        defaults.the_image_fades,
        layers.kernel_fans,
        layers.standardised_batch,
        layers.glorots_compromise,
        layers.softmax_gradient,
        probability.variances_add,
        probability.product_of_two_factors,
    )
}
"""Every drawing by its name."""
