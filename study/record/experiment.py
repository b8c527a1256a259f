"""What an experiment is: settings, one pure function, claims and figures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from study.record.claims import Claim, Untested
from study.record.results import Result, Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
"""Settings are checked for unknown fields, wrong types and numbers that are not finite."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment, as its module exports it under the name ``EXPERIMENT``.

    The first line of the module's docstring is its title on the site.

    Attributes:
        config: the frozen dataclass of its settings; it has a field ``draws``.
        run: the experiment itself, ``run(config, mnist, draws) -> Result``.
            It is pure: ``draws`` holds the indices of the draws to make, so that the caller can
            show progress, or make only some of them.
        claims: what is judged.
        figures: functions of a finished run, each named after what one sees; the first line of
            its docstring is the alternative text.
        untested: statements on the same matter that no measurement decides.
    """

    config: type[Any]
    run: Callable[..., Result]
    claims: tuple[Claim, ...]
    figures: tuple[Callable[[Run], "Figure"], ...]
    untested: tuple[Untested, ...] = ()
