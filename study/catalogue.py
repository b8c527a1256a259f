"""The experiments there are, found by folder; listing them imports none of them."""

from importlib import import_module
from pathlib import Path

from study.errors import StudyError
from study.record.experiment import Experiment

FOLDER = Path(__file__).parent / "experiments"


def names() -> list[str]:
    """Return the names of all experiments, sorted.

    >>> "relu_second_moment" in names()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def load(name: str) -> Experiment:
    """Import one experiment.

    Args:
        name: its name.

    Returns:
        What its module exports.

    Raises:
        StudyError: if there is none of this name.
    """
    if name not in names():
        raise StudyError(f"experiment={name}: no such experiment; choose from {', '.join(names())}")
    experiment: Experiment = import_module(module(name)).EXPERIMENT
    return experiment


def module(name: str) -> str:
    """Return the dotted name of an experiment's module."""
    return f"study.experiments.{name}"
