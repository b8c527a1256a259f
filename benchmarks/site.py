"""When pages of the built site can be used, on a phone whose processor is four times as slow.

A page can be used once its last long task, of more than 50 ms, has ended; the goal is 3 s. All
pages are measured, or those that are named: ``python -P benchmarks/site.py [PAGE ...]``. The site
must be built, and Chromium be here.
"""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from playwright.sync_api import Browser, sync_playwright

from study.site.book import chromium

HTML = Path(__file__).parents[1] / "docs" / "_build" / "html"
SLOWNESS, GOAL, ROUNDS, QUIET = 4, 3.0, 3, 1500
"""Of the processor; in seconds; of each page; in milliseconds without a long task."""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

FOLLOW = """
window.ends = [0];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.ends.push(task.startTime + task.duration);
}).observe({ type: "longtask", buffered: true });
"""
ASK = """() => {
  const [navigation] = performance.getEntriesByType("navigation");
  return Math.max(navigation.domContentLoadedEventEnd, ...window.ends) / 1000;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def seconds(browser: Browser, address: str) -> float:
    """Return when a page can be used."""
    context = browser.new_context(**PHONE)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(FOLLOW)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWNESS})
    page.goto(address)
    page.wait_for_timeout(QUIET)
    result = float(page.evaluate(ASK))
    context.close()
    return result


def main() -> None:
    """Print the seconds of each page, the slowest first."""
    paths = (path.relative_to(HTML) for path in HTML.rglob("*.html"))
    names = sys.argv[1:] or sorted(path.with_suffix("").as_posix() for path in paths)
    executable = chromium()
    if not names or executable is None:
        print("the site is not built, or there is no Chromium: nothing is measured")
        return
    handler = partial(Quiet, directory=str(HTML))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as driver:
        Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=executable)
        root = f"http://127.0.0.1:{server.server_port}"
        times = {
            name: median(seconds(browser, f"{root}/{name}.html") for _ in range(ROUNDS))
            for name in names
        }
        browser.close()
        server.shutdown()
    for name, time in sorted(times.items(), key=lambda item: -item[1]):
        print(f"{time:5.1f} s  {'' if time < GOAL else 'over the goal '} {name}")
    late = sum(time >= GOAL for time in times.values())
    print(f"{late} of {len(times)} pages take longer than {GOAL:g} s")


if __name__ == "__main__":
    main()
