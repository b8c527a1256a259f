"""The experiments that the contract judges: all, or the one that ``--experiment`` names."""

from study import catalogue

_subjects = catalogue.names()


def subjects() -> list[str]:
    """Return the names of the experiments that are judged, sorted."""
    return list(_subjects)


def confine(name: str) -> None:
    """Judge one experiment and none of the others; before the contract is collected."""
    _subjects[:] = [name]


def confined() -> bool:
    """Tell whether a single experiment is judged."""
    return _subjects != catalogue.names()
