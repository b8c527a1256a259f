"""How Sphinx builds the site: no network, no torch, every warning an error."""

import atexit
import gc
import sys
from pathlib import Path
from typing import Union

sys.path.insert(0, str(Path(__file__).parents[1]))

from sphinx.ext.autodoc._dynamic._mock import _MockObject

from study import __version__

# Pages are made of many objects that all stay, so looking for unneeded ones, also at the end, took
# a third of a build. This bounds its memory all the same, to about a gigabyte.
gc.set_threshold(5_000_000)
atexit.register(gc.freeze)

project = "Signal Through Depth"
author = "the founders of Signal Through Depth"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
version = release = __version__
language = "en-GB"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "study.site.api",
]
study_root = ".."
exclude_patterns = ["_build"]
numfig = True
math_numfig = False
nitpicky = True
nitpick_ignore_regex = [
    # No inventory of another project can be asked, as the site is built without a network.
    (
        "py:.*",
        r"(annotated_types|bs4|collections|concurrent|contextlib|jinja2|matplotlib|np|numpy|pathlib|py_mini_racer|types)\..*",
    ),
    ("py:.*", r"(bs4|dask_jobqueue|distributed|docutils|omegaconf|pydantic|rich|sphinx|torch)\..*"),
    # Type variables have no page.
    ("py:.*", r"study\.lab\.(parallel|rate_search)\.(Arm|Item|KeyedArm|Outcome|Value)"),
    # The bounds of a setting.
    ("py:class", r"(\w+=.*|.*[\\{$].*|KMGT|FieldInfo)"),
    ("py:.*", r"study\.(configuring|record\.settings)\.T"),
    (
        "py:.*",
        r"(pickle|AbstractContextManager|BrokenExecutor|Path|Tensor|Axes|Axis|Figure|QuadMesh|NDArray|Callable|Iterable|Iterator|Mapping|Sequence)",
    ),
    # What only a checker of types imports.
    ("py:.*", r"(Sphinx|Config|BuildEnvironment|ExtensionMetadata|Cluster|Composed|Data)"),
    ("py:.*", r"(HTML5Translator|StudySettings|(queue|controls)\..*)"),
]

# amsmath is left out: its blocks would stay raw TeX, without a warning.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 3

autodoc_mock_imports = [
    "cryptography",
    "cycler",
    "dask",
    "distributed",
    "dask_jobqueue",
    "filelock",
    "hydra",
    "loky",
    "matplotlib",
    "mlxtend",
    "omegaconf",
    "platformdirs",
    "pooch",
    "psutil",
    "rich",
    "torch",
]
# The types of what is not installed can be united with others, as in Security | None.
for operator in ("__or__", "__ror__"):
    setattr(_MockObject, operator, lambda one, other: Union[one, other])  # noqa: UP007
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_preserve_defaults = True
napoleon_custom_sections = [("Shapes", "params_style"), ("Source", "returns_style")]

# A session that is copied runs.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "furo"
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["study.css", "reading.css", "print.css"]
html_js_files = ["study.js"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0061a8", "color-brand-content": "#0061a8"},
    "dark_css_variables": {"color-brand-primary": "#6db7f2", "color-brand-content": "#6db7f2"},
}
