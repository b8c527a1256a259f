"""Sphinx extension: sets the stored results into the pages.

It reads files and imports no experiment, so the site builds without torch.

Roles, each a link to where its content comes from:

=========================  ===============================
``{value}`name:key```      an estimate with its interval
``{setting}`name:field```  a setting of the run
``{prediction}`id```       what the law gives for a claim
``{claim}`id```            a claim, by its id
``{verdict}`id```          the verdict of a claim
=========================  ===============================

The links lead to objects of the domain ``study``, see :mod:`study.site.domain`.

Directives: ``claim-table``, ``verdict-counts``, ``verdict-table``, ``source-lines``,
``result-figure``, ``source-code``, ``rerun-comparison``, ``source-list``; for those who must
choose, ``advice``, ``gains-table`` and ``width-table``; for those who would try it, ``explorable``
and ``lesson``; for those who would understand the house, ``annotated-card`` and ``layers``; to
teach, ``in-short``, ``card``, ``drawing``, ``exercise``, ``answer`` and ``folded``; to list
claims, ``claim-list``, ``verdict-links`` and ``verdict-claims``; and for the generated data sheets,
``run-note``, ``value-table``, ``setting-table``, ``provenance-table`` and
``file-list``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from study import __version__
from study.site import (
    architecture,
    budget,
    claim_list,
    claim_pages,
    claims,
    code,
    directives,
    explore,
    exports,
    freshness,
    guidance,
    libraries,
    navigation,
    numbering,
    paper_costs,
    pictures,
    reading,
    reruns,
    roles,
    search,
    sheets,
    surroundings,
    teaching,
    verdicts,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: "Sphinx") -> "ExtensionMetadata":
    """Register everything with Sphinx.

    The option ``study_root`` is the project's folder, which holds ``outputs`` and ``study``.
    """
    app.setup_extension("study.site.domain")
    app.setup_extension("study.site.formulas")
    app.add_config_value("study_root", default="..", rebuild="env", types=str)
    for name, role in roles.ROLES.items():
        app.add_role(name, role())
    app.add_role_to_domain("study", "claims", claim_list.ClaimsRole())
    modules = (
        architecture,
        claim_list,
        claims,
        directives,
        explore,
        exports,
        guidance,
        libraries,
        paper_costs,
        reading,
        reruns,
        teaching,
        verdicts,
    )
    for module in modules:
        for name, directive in module.DIRECTIVES.items():
            app.add_directive(name, directive)
    app.add_search_language(search.English)
    app.connect("env-updated", search.keep_entries)
    app.connect("html-page-context", search.add_script)
    budget.connect(app)
    claim_pages.connect(app)
    code.connect(app)
    explore.connect(app)
    exports.connect(app)
    numbering.connect(app)
    pictures.connect(app)
    surroundings.connect(app)
    app.connect("config-inited", freshness.begin)
    app.connect("builder-inited", freshness.write_states)
    app.connect("builder-inited", sheets.write_sheets)
    app.connect("env-get-outdated", freshness.remove_old_pages)
    # Late, when Sphinx has numbered what the pages hold.
    app.connect("env-get-updated", freshness.pages_to_write, priority=900)
    app.connect("build-finished", freshness.end)
    app.connect("html-page-context", navigation.SharedTree(), priority=400)
    return {
        "version": __version__,
        "env_version": freshness.code_version(Path(app.confdir, "conf.py")),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
