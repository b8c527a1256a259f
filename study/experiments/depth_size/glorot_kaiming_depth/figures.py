"""Functions of a finished run."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from study.record.results import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "kaiming_linear": "2/n, linear",
    "kaiming_tanh": "2/n, tanh",
    "kaiming_relu": "2/n, ReLU",
    "glorot_linear": "1/n, linear",
    "glorot_tanh": "1/n, tanh",
    "glorot_relu": "1/n, ReLU",
}


def second_moment_by_layer(run: Run) -> "Figure":
    """Second moment by layer at 1/n and 2/n: ReLU wants 2/n, linear layers want 1/n."""
    figure, axes = plt.subplots()
    colours = {"linear": "C0", "tanh": "C1", "relu": "C2"}
    schemes = run.settings["experiment"]["schemes"]
    for name in sorted(schemes, key=[*LABELS, *schemes].index):
        rows = [row for row in run.tables["layers"] if row["arm"] == name]
        axes.plot(
            [row["layer"] for row in rows],
            [row["mean"] for row in rows],
            "--" if name.startswith("glorot") else "-",
            color=colours[schemes[name]["activation"]],
            label=LABELS.get(name, name),
        )
    axes.set_yscale("symlog", base=2, linthresh=4, linscale=0.6)
    powers = [8, 32, 128, 512]
    ticks = {at: str(at).replace("-", "−") for at in [-p for p in powers] + [0, *powers]}
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.minorticks_off()
    axes.set(xlabel="layer", ylabel="log₂ of the second moment", ylim=(-(2**11), 2**15))
    axes.legend(ncols=2, fontsize="small")
    return figure


FIGURES = (second_moment_by_layer,)
