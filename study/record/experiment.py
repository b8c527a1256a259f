"""What an experiment is: settings, one pure draw, claims and figures."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from study.record.claims import Claim, Untested
from study.record.draws import Draw, Draws, pooled
from study.record.results import Result, Run, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


METHOD = ("Config", "prepare", "choose", "measure", "exact", "tables")
"""The names under which a method is known; ``choose``, ``exact`` and ``tables`` may be missing."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """How an experiment measures, as its module ``method`` has it. All functions are pure.

    Attributes:
        config: the frozen dataclass of its settings; it has the fields ``seed`` and ``draws``.
        prepare: ``prepare(config, mnist) -> inputs``: what all draws share; it is cheap, and made
            once in each process.
        choose: ``choose(config, inputs) -> choice``: what is decided once, before the draws, such
            as a learning rate; it is what JSON can hold, and an argument more of the functions
            below.
        measure: ``measure(config, inputs, draw) -> Draw``: one draw, on one thread; the same
            whatever other draws are made.
        exact: ``exact(config, inputs) -> numbers``: quantities that no draw touches, by key.
        tables: ``tables(config, draws) -> tables``: the tables, where they are not the means of
            the rows of all draws.
    """

    config: type[Any]
    prepare: Callable[..., Any]
    measure: Callable[..., Draw]
    choose: Callable[..., Any] | None = None
    exact: Callable[..., Mapping[str, float]] | None = None
    tables: Callable[..., Mapping[str, Table]] | None = None

    @classmethod
    def from_module(cls, module: ModuleType) -> "Method":
        """Return the method that a module holds under the usual names."""
        functions = {name.lower(): getattr(module, name, None) for name in METHOD}
        return cls(**functions)  # type: ignore[arg-type]

    def chosen(self, config: object, inputs: object) -> tuple[Any, ...]:
        """Return what is decided before the draws, as an argument of what follows; or nothing."""
        if self.choose is None:
            return ()
        return (json.loads(json.dumps(self.choose(config, inputs))),)

    def numbers(self, config: object, inputs: object, choice: tuple[Any, ...]) -> dict[str, float]:
        """Return the quantities that no draw touches."""
        return {} if self.exact is None else dict(self.exact(config, inputs, *choice))

    def pool(
        self, config: object, draws: Draws, exact: Mapping[str, float], choice: tuple[Any, ...]
    ) -> Result:
        """Return the numbers of a run: those of its draws, and its tables."""
        tables = None if self.tables is None else self.tables(config, draws, *choice)
        return pooled(draws, exact, tables)

    def run(self, config: object, mnist: object, draws: Iterable[int]) -> Result:
        """Make some draws here, one after another, and return their numbers.

        Args:
            config: the settings.
            mnist: the data.
            draws: the indices of the draws to make.
        """
        inputs = self.prepare(config, mnist)
        choice = self.chosen(config, inputs)
        results = {draw: self.measure(config, inputs, draw, *choice) for draw in draws}
        return self.pool(config, results, self.numbers(config, inputs, choice), choice)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One experiment, as its folder holds it.

    Attributes:
        method: how it measures.
        claims: what is judged.
        figures: functions of a finished run, each named after what one sees; the first line of
            its docstring is the alternative text.
        untested: statements on the same matter that no measurement decides.
    """

    method: Method
    claims: tuple[Claim, ...]
    figures: tuple[Callable[[Run], "Figure"], ...]
    untested: tuple[Untested, ...] = ()

    @property
    def config(self) -> type[Any]:
        """The frozen dataclass of its settings."""
        return self.method.config

    def run(self, config: object, mnist: object, draws: Iterable[int]) -> Result:
        """Make some draws here, as :meth:`Method.run` does."""
        return self.method.run(config, mnist, draws)
