"""The files of a trial."""

import csv
from io import StringIO
from pathlib import Path

from matplotlib import pyplot as plt

from study.record.plotting import enlarge, style
from study.record.results import write_text
from study.trying.drawing import layer_by_layer
from study.trying.report import COLUMNS, rows
from study.trying.trial import Trial


def write(trial: Trial, folder: Path) -> None:
    """Write ``try.csv`` and ``try.svg``.

    Args:
        trial: all draws.
        folder: where to; it is made if need be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows(trial))
    write_text(folder / "try.csv", table.getvalue())
    image = StringIO()
    with style():
        figure = layer_by_layer(trial)
        enlarge(figure)
        # On white: an image viewer has no page around it.
        figure.savefig(image, format="svg", facecolor="white", metadata={"Date": None})
        plt.close(figure)
    write_text(folder / "try.svg", image.getvalue())
