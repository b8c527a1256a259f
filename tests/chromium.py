"""The Chromium of this machine, driven by Playwright, which brings none."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from study.site import book


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it; where there is none, what needs it is skipped.

    Only one can run at a time in a process, so no fixture keeps it for a whole session.
    """
    path = book.chromium()
    if path is None:
        pytest.skip(f"no Chromium here: none of {', '.join(book.CHROMIUM)} is found")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()
