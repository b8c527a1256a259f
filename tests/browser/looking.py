"""What a page is looked at for; each function returns what is wrong, or nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

WIDTHS = {"desktop": 1280, "phone": 390}
"""Of the screens that pages are looked at on, in pixels."""
LEAST_TEXT = 12.0
"""What the text of a picture may measure at least, in pixels."""

LAY_OUT = """() => {
  const style = document.createElement("style");
  style.textContent = "article section { content-visibility: visible !important; }";
  document.head.append(style);
}"""
"""Lets a page lay out what is not in sight as well."""
SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""Holds the functions that are called in a page."""


@dataclass(frozen=True)
class Visit:
    """A page that is open in the browser, and what it said and asked for on the way."""

    page: Page
    messages: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


@contextmanager
def visit(
    browser: Browser,
    address: str,
    screen: str = "desktop",
    mode: Literal["light", "dark"] = "light",
    *,
    scripts: bool = True,
) -> Iterator[Visit]:
    """Open a page, with everything laid out, for a while.

    Args:
        browser: where to open it.
        address: of the page.
        screen: one of ``WIDTHS``.
        mode: what the reader prefers.
        scripts: whether the page may run scripts.
    """
    size = {"width": WIDTHS[screen], "height": 900}
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=mode,
        java_script_enabled=scripts,
    )
    result = Visit(context.new_page())
    result.page.on("console", lambda message: result.messages.append(message.text))
    result.page.on("pageerror", lambda error: result.messages.append(str(error)))
    result.page.on("request", lambda request: result.hosts.append(urlsplit(request.url).netloc))
    result.page.goto(address)
    result.page.evaluate(LAY_OUT)
    if scripts:
        asked(result, "walk()")
    yield result
    context.close()


def asked(visit: Visit, call: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a function of the script says of a page."""
    return visit.page.evaluate(f"{SCRIPT.strip()}.{call}")


def barriers(visit: Visit, rules: Sequence[str] = ()) -> list[str]:
    """List what axe-core calls serious or critical, by all its rules or some."""
    options: dict[str, Any] = {"preload": False, "resultTypes": ["violations"]}
    options |= {"runOnly": list(rules)} if rules else {"rules": {"target-size": {"enabled": True}}}
    shown = {"exclude": [[".katex-html"]]}  # thousands of parts, which no screen reader reads
    violations = Axe().run(visit.page, shown, options).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in violations
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def noise(visit: Visit) -> list[str]:
    """List what the console said."""
    return visit.messages


def strangers(visit: Visit) -> list[str]:
    """List the other hosts that the page asked."""
    own = urlsplit(visit.page.url).netloc
    return sorted({host for host in visit.hosts if host not in {own, ""}})


def cut(visit: Visit) -> list[str]:
    """List the formulas, tables, codes and pictures that end without a sign that they go on."""
    return list(asked(visit, "cut()"))


def sideways(visit: Visit) -> dict[str, Counter[str]]:
    """Count the formulas, tables and codes, and those that must be scrolled."""
    counts = asked(visit, "sideways()")
    return {kind: Counter(scrolling=some, all=total) for kind, some, total in counts}


def small_text(visit: Visit) -> list[str]:
    """List the text of pictures that is small, or that is no text."""
    return list(asked(visit, f"pictures({LEAST_TEXT})"))


def lines(visit: Visit) -> list[str]:
    """Return the lines of text that a reader sees."""
    return [line.strip() for line in asked(visit, "lines()") if line.strip()]
