"""Roles: one looked-up thing in running text, linked to where it comes from."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from docutils.nodes import Node, system_message
from sphinx.util.docutils import SphinxRole

from study.errors import StudyError
from study.record.comparison import predicted
from study.record.estimates import formatted
from study.record.results import Run
from study.site.freshness import note
from study.site.library import Library, load
from study.site.nodes import badge, code, link, section_link


class ClaimRole(SphinxRole):
    """``{claim}`id```: a claim by its id; short for ``{study:claim}``."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Refer to the claim."""
        name = self.text.strip()
        reference = link("claim", name, code(name), docname=self.env.docname)
        self.set_source_info(reference)
        return [reference], []


class LookUp(SphinxRole):
    """A role that shows what a key names; a wrong one is an error with file, line and choices."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Look the key up, or report it."""
        library = load(Path(self.env.srcdir, self.config.study_root))
        try:
            run, reference = self.look_up(library, self.text.strip())
        except StudyError as error:
            message = self.inliner.reporter.error(f"{self.name}: {error}", line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [message]
        note(self.env, run.folder.name)
        self.set_source_info(reference)
        return [reference], []

    @abstractmethod
    def look_up(self, library: Library, key: str) -> tuple[Run, Node]:
        """Return the run, and what to show as a link to where it comes from."""


class ValueRole(LookUp):
    """``{value}`name:key```: a mean and its half width."""

    def look_up(self, library: Library, key: str) -> tuple[Run, Node]:
        """Find the estimate."""
        run, _, value = library.value(key)
        text = formatted(value)
        node = nodes.inline(text, text, classes=["value"])
        return run, link("value", key, node, docname=self.env.docname)


class SettingRole(LookUp):
    """``{setting}`name:field```: a setting of the run that is shown."""

    def look_up(self, library: Library, key: str) -> tuple[Run, Node]:
        """Find the setting."""
        run, value = library.setting(key)
        label = f"{run.folder.name}-settings"
        return run, section_link(label, str(value), docname=self.env.docname)


class PredictionRole(LookUp):
    """``{prediction}`id```: the number that the law gives for a claim."""

    def look_up(self, library: Library, key: str) -> tuple[Run, Node]:
        """Find the claim."""
        run, claim = library.claim(key)
        node = nodes.Text(predicted(claim))
        return run, link("claim", key, node, docname=self.env.docname)


class VerdictRole(LookUp):
    """``{verdict}`id```: what became of a claim."""

    def look_up(self, library: Library, key: str) -> tuple[Run, Node]:
        """Find the claim."""
        run, claim = library.claim(key)
        return run, link("claim", key, badge(claim["verdict"]), docname=self.env.docname)


ROLES: dict[str, Callable[[], SphinxRole]] = {
    "value": ValueRole,
    "setting": SettingRole,
    "prediction": PredictionRole,
    "claim": ClaimRole,
    "verdict": VerdictRole,
}
