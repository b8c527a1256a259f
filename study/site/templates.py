"""The pages and parts of pages that are written as HTML, beside the theme."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template


@cache
def template(name: str) -> Template:
    """Return a template of this folder, read once; what it lacks when it is filled is an error.

    Args:
        name: of its file.
    """
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(name)
