"""A real browser, driven through a pair of pipes: open a page, ask it, press keys."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe")
PATIENCE = 60_000
"""Milliseconds after which a test gives up on what does not come."""
WHEN = """new Promise((resolve, reject) => {
  setTimeout(() => reject(`${SELECTOR} does not come`), PATIENCE);
  const look = () => document.querySelector(SELECTOR) && resolve(true);
  const all = { subtree: true, childList: true, attributes: true };
  new MutationObserver(look).observe(document, all);
  look();
})"""


class Browser:
    """One tab of a browser."""

    def __init__(self, to: IO[bytes], back: IO[bytes]) -> None:
        """Open the tab, through the ends of two pipes."""
        self._to, self._back = to, back
        self._count, self._session = 0, ""
        self.complaints: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        found = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: object) -> dict[str, Any]:
        """Ask for something by the protocol of Chrome's tools, and return the result."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while (answer := self._next()).get("id") != self._count:
            pass
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        """Read a message, and note what the page complains of."""
        text = bytearray()
        while (sign := self._back.read(1)) != b"\0":
            assert sign, "the browser has ended"
            text += sign
        message: dict[str, Any] = json.loads(text)
        if message.get("method") in {"Runtime.exceptionThrown", "Log.entryAdded"}:
            self.complaints.append(json.dumps(message["params"]))
        return message

    def open(self, address: str) -> None:
        """Go to a page, and wait until it has loaded."""
        self.send("Page.navigate", url="about:blank")  # else a change behind the # loads nothing
        self.send("Page.navigate", url=address)
        self.wait("[data-explorable]")

    def ask(self, expression: str) -> Any:  # noqa: ANN401 - whatever JavaScript gives
        """Evaluate an expression in the page, and wait for a promise."""
        found = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, selector: str) -> None:
        """Wait until the page has such an element."""
        assert self.ask(
            WHEN.replace("SELECTOR", json.dumps(selector)).replace("PATIENCE", str(PATIENCE))
        )

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def resize(self, width: int, height: int = 800) -> None:
        """Make the window as large as that of a phone, or another."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )


@contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """Start the browser with an empty profile, and end it."""
    # It reads commands from file 3, and writes to file 4.
    shell = 'exec "$0" "$@" 3<&0 4>&1 1>/dev/null 2>&1'
    command = ["sh", "-c", shell, str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        browser = Browser(process.stdin, process.stdout)
        try:
            yield browser
        finally:
            browser.send("Browser.close")
