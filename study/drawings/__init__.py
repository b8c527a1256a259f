"""Drawings by code, for the pages: pure functions of what :mod:`study.theory` says.

Each is a picture that says one thing, with all the numbers in it; no drawing is a measurement.
"""

from collections.abc import Callable, Mapping

from study.drawings import (
    batches,
    bells,
    chains,
    cobwebs,
    coins,
    convolutions,
    curves,
    defaults,
    descents,
    geometry,
    graphs,
    layers,
    learning,
    losses,
    networks,
    neurons,
    powers,
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
        descents.bowl_and_valley,
        losses.outputs_against_targets,
        convolutions.patches_become_rows,
        batches.two_batches,
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
        powers.powers_of_a_factor,
        chains.scaled_chain,
        coins.coins_of_four_layers,
        cobwebs.order_and_chaos,
        learning.share_learnt,
    )
}
"""Every drawing by its name."""
