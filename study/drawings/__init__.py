"""Drawings by code, for the pages: pure functions of what :mod:`study.theory` says.

Each is a picture that says one thing, with all the numbers in it; no drawing is a measurement.
"""

from collections.abc import Callable, Mapping

from study.drawings.bells import halves_of_a_bell
from study.drawings.canvas import Drawing
from study.drawings.chains import scaled_chain
from study.drawings.coins import coins_of_four_layers
from study.drawings.fans import closing_fan
from study.drawings.formats import where_formats_end
from study.drawings.neurons import neuron_fan_in
from study.drawings.powers import powers_of_a_factor

DRAWINGS: Mapping[str, Callable[[], Drawing]] = {
    draw.__name__.replace("_", "-"): draw
    for draw in (
        halves_of_a_bell,
        neuron_fan_in,
        powers_of_a_factor,
        scaled_chain,
        coins_of_four_layers,
        closing_fan,
        where_formats_end,
    )
}
"""Every drawing by its name."""
