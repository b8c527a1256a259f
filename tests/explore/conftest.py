"""The page's own functions and settings, for all tests of this folder."""

import pytest

from study.site.explore import bundle
from tests.explore.engine import FOLDER, Engine, Settings, engine


@pytest.fixture(scope="session")
def js() -> Engine:
    """Return how to call the functions of the page."""
    return engine(bundle(FOLDER))


@pytest.fixture(scope="session")
def settings(js: Engine) -> Settings:
    """Return the settings that the page starts with, with changes."""
    start = js("settings.START")

    def changed(**changes: object) -> dict[str, object]:
        return {**start, **changes}

    return changed
