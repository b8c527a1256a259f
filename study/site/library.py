"""The stored runs as the pages see them: looked up by key, or refused with the choices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from study.errors import StudyError
from study.record import citation, past_verdicts
from study.record.estimates import Estimate
from study.record.results import Run, read_json, read_run

V = TypeVar("V")


@dataclass(frozen=True)
class Library:
    """All runs under one project folder.

    Attributes:
        root: the project's folder.
        reference: the committed runs, by name of the experiment.
        latest: the reader's own latest runs, by name.
        groups: the group of each experiment, by name.
    """

    root: Path
    reference: dict[str, Run]
    latest: dict[str, Run]
    groups: dict[str, str]

    @cached_property
    def runs(self) -> dict[str, Run]:
        """The run that a page shows of each experiment, the reference or without one the latest.

        Only a reference counts among the results of the study.
        """
        return dict(sorted((self.latest | self.reference).items()))

    def run(self, name: str) -> Run:
        """Return the run of an experiment."""
        return _look_up(self.runs, name, "experiment with results")

    def value(self, key: str) -> tuple[Run, str, Estimate]:
        """Return the run, the key and the estimate that ``name:key`` names."""
        run, rest = self._split(key)
        return run, rest, _look_up(run.values, rest, f"value of {run.folder.name}")

    def setting(self, key: str) -> tuple[Run, Any]:
        """Return the run and the setting that ``name:field.subfield`` names."""
        run, rest = self._split(key)
        content: Any = run.settings["experiment"]
        for field in rest.split("."):
            inner = content if isinstance(content, dict) else {}
            content = _look_up(inner, field, f"setting of {run.folder.name}")
        return run, content

    @cached_property
    def claims(self) -> dict[str, tuple[Run, dict[str, Any]]]:
        """Every claim as judged, by id, with the run that judges it; read once."""
        return {item["id"]: (run, item) for run in self.runs.values() for item in run.judgements}

    @cached_property
    def study(self) -> citation.Study:
        """What all citations have in common."""
        return citation.read_study(self.root)

    @cached_property
    def verdicts(self) -> dict[str, list[dict[str, str]]]:
        """The verdicts of each claim in order, as far as the history was read."""
        path = self.root / "outputs" / "reference" / past_verdicts.FILE
        return dict(read_json(path, absent={}))

    @cached_property
    def bands(self) -> dict[str, list[dict[str, str]]]:
        """The bands in order of each claim whose band became another, as far as it was read."""
        path = self.root / "outputs" / "reference" / past_verdicts.BANDS
        return dict(read_json(path, absent={}))

    @cached_property
    def changelog(self) -> dict[str, list[str]]:
        """The sentences of the changelog by the claims that they name."""
        path = self.root / past_verdicts.CHANGELOG
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return past_verdicts.sentences(text)

    def claim(self, claim: str) -> tuple[Run, dict[str, Any]]:
        """Return the run that judges a claim, and the claim as judged."""
        return _look_up(self.claims, claim, "claim")

    def _split(self, key: str) -> tuple[Run, str]:
        name, separator, rest = key.partition(":")
        if not separator:
            raise StudyError(f"{key}: write it as experiment:key")
        return self.run(name), rest


@lru_cache(maxsize=1)
def load(root: Path) -> Library:
    """Read all judged runs of a project; once in a build, which begins by forgetting them.

    Args:
        root: the project's folder.
    """
    root = root.resolve()
    # A run may outlive its experiment; without the code there is nothing to show it with.
    methods = sorted((root / "study" / "experiments").glob("*/*/method.py"))
    groups = {path.parent.name: path.parent.parent.name for path in methods}
    reference, latest = (
        {
            name: read_run(folder)
            for name, group in groups.items()
            if (folder := root / "outputs" / kind / group / name).joinpath("claims.json").is_file()
        }
        for kind in ("reference", "latest")
    )
    return Library(root, reference, latest, groups)


def choices(wrong: str, names: Iterable[str]) -> str:
    """List the names that someone may have meant: near ones, or without any the first.

    Args:
        wrong: what was written.
        names: what could have been.

    >>> choices("he-halve", ["glorot-doubles", "he-halves"]), choices("he-halves", [])
    ('he-halves', 'none')
    """
    names = list(names)
    return ", ".join(get_close_matches(wrong, names, n=3) or names[:8]) or "none"


def _look_up(entries: Mapping[str, V], key: str, kind: str) -> V:
    if key in entries:
        return entries[key]
    raise StudyError(f"{key}: no such {kind}; choose from {choices(key, entries)}")
