"""Roles: one looked-up thing in running text, linked to where it comes from."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.util.docutils import SphinxRole

from study.errors import StudyError
from study.record.estimates import formatted, shortened
from study.record.results import Run
from study.site.freshness import note
from study.site.library import Library, load
from study.site.nodes import badge, code, link


class LookUp(SphinxRole):
    """A role whose text is a key; a wrong one is an error with file, line and choices."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Look the key up, or report it."""
        library = load(Path(self.env.srcdir, self.config.study_root))
        try:
            run, target, content = self.look_up(library, self.text.strip())
        except StudyError as error:
            message = self.inliner.reporter.error(f"{self.name}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        note(self.env, run.folder.name)
        return [link(target, content, docname=self.env.docname)], []

    @abstractmethod
    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Return the run, the label to link to, and what to show."""


class ValueRole(LookUp):
    """``{value}`name:key```: a mean and its half width."""

    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Find the estimate."""
        run, rest, value = library.value(key)
        text = formatted(value)
        return run, value_label(run, rest), nodes.inline(text, text, classes=["value"])


class SettingRole(LookUp):
    """``{setting}`name:field```: a setting of the run that is shown."""

    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Find the setting."""
        run, value = library.setting(key)
        return run, f"{run.folder.name}-settings", nodes.Text(str(value))


class PredictionRole(LookUp):
    """``{prediction}`id```: the number that the law gives for a claim."""

    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Find the claim."""
        run, claim = library.claim(key)
        return run, key, nodes.Text(shortened(claim["prediction"]))


class ClaimRole(LookUp):
    """``{claim}`id```: a claim by its id."""

    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Find the claim."""
        run, _ = library.claim(key)
        return run, key, code(key)


class VerdictRole(LookUp):
    """``{verdict}`id```: what became of a claim."""

    def look_up(self, library: Library, key: str) -> tuple[Run, str, Node]:
        """Find the claim."""
        run, claim = library.claim(key)
        return run, key, badge(claim["verdict"])


def value_label(run: Run, key: str) -> str:
    """Return the label of a value in its data sheet."""
    return nodes.make_id(f"{run.folder.name}-{key}")


ROLES: dict[str, Callable[[], LookUp]] = {
    "value": ValueRole,
    "setting": SettingRole,
    "prediction": PredictionRole,
    "claim": ClaimRole,
    "verdict": VerdictRole,
}
