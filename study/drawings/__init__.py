"""Drawings by code, for the pages: pure functions of what :mod:`study.theory` says.

Each is a picture that says one thing, with all the numbers in it; no drawing is a measurement.
"""

from collections.abc import Callable, Mapping

from study.drawings.bells import halves_of_a_bell
from study.drawings.canvas import Drawing
from study.drawings.descents import bowl_and_valley
from study.drawings.losses import outputs_against_targets
from study.drawings.neurons import neuron_fan_in

DRAWINGS: Mapping[str, Callable[[], Drawing]] = {
    draw.__name__.replace("_", "-"): draw
    for draw in (
        bowl_and_valley,
        halves_of_a_bell,
        neuron_fan_in,
        outputs_against_targets,
    )
}
"""Every drawing by its name."""
