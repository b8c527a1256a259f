"""A tab of a real browser: open a page, ask it, press keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext

PATIENCE = 60_000
"""Milliseconds after which a test gives up on what does not come."""


class Tab:
    """One tab of a browser, and what its pages have complained of."""

    def __init__(self, context: BrowserContext, script: str = "") -> None:
        """Open the tab.

        Args:
            context: where to open it.
            script: what runs before the scripts of each page.
        """
        self._context, self._page = context, context.new_page()
        self._page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self._page.on("console", lambda message: self.complaints.append(message.text))
        self._page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if script:
            self._page.add_init_script(script)

    @contextmanager
    def beside(self, script: str) -> Iterator["Tab"]:
        """Open another tab for a while, where a script runs before those of each page."""
        tab = Tab(self._context, script)
        yield tab
        tab._page.close()

    def open(self, address: str) -> None:
        """Go to a page, and wait until it has loaded."""
        self._page.goto("about:blank")  # else a change behind the # loads nothing
        self._page.goto(address)
        self.wait("[data-explorable]")

    def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever JavaScript gives
        """Evaluate an expression in the page, and wait for a promise."""
        return self._page.evaluate(expression)

    def wait(self, selector: str) -> None:
        """Wait until the page has such an element."""
        self._page.wait_for_selector(selector, state="attached")

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        self._page.keyboard.press(key)

    def resize(self, width: int, height: int = 800) -> None:
        """Make the window as large as that of a phone, or another."""
        self._page.set_viewport_size({"width": width, "height": height})
