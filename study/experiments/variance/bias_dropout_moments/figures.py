"""Functions of a finished run."""

from math import log2
from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.experiments.variance import rectified
from study.record.drawing import ascending, curve, label_ends, powers
from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def second_moment_by_bias(run: Run) -> "Figure":
    """Second moment by layer: a positive bias makes it grow, a negative one shrink, as the law."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    arms = {name: arm for name, arm in settings["arms"].items() if arm["keep"] == 1}
    for name in ascending({name: arm["bias"] for name, arm in arms.items()}):
        arm = arms[name]
        rows = run.tables["layers"].where(arm=name, mode="training")
        layers = rectified.layers(arm["weight_variance"], arm["bias"], 1.0, settings["depth"])
        law = [log2(moment) for moment in layers.second_moments]
        curve(axes, rows, "layer", law=law, capsize=2, label=f"b = {arm['bias']:g}")
    axes.set(xlabel="layer", ylabel="second moment of the preactivations")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


def second_moment_with_dropout(run: Run) -> "Figure":
    """Second moment by layer: with dropout it is kept in training or in evaluation, never both."""
    figure, axes = plt.subplots()
    settings = run.settings["experiment"]
    curves: dict[str, tuple[str, str, float]] = {}  # by label: in evaluation some are one curve
    for name, arm in settings["arms"].items():
        if arm["keep"] < 1:
            scale = f"{arm['weight_variance']:g}/n"
            curves[f"{arm['keep']:g} kept, {scale},\ntraining"] = (name, "training", arm["keep"])
            curves.setdefault(f"{scale}, evaluation", (name, "evaluation", 1.0))
    for text, (name, mode, keep) in curves.items():
        variance = settings["arms"][name]["weight_variance"]
        rows = run.tables["layers"].where(arm=name, mode=mode)
        layers = rectified.layers(variance, 0.0, keep, settings["depth"])
        law = [log2(moment) for moment in layers.second_moments]
        curve(axes, rows, "layer", law=law, capsize=2, label=text)
    axes.set(xlabel="layer", ylabel="second moment of the preactivations")
    powers(axes.yaxis)
    label_ends(axes)
    return figure


FIGURES = (second_moment_by_bias, second_moment_with_dropout)
