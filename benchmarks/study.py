"""What a study costs: two workers against one, a second call against a first, sixteen against one.

Each run is a command of its own in an empty folder, as a reader gives it. Times of one and of two
workers are taken in turn, since the machine may be noisy. Run it with ``nox -s benchmarks``; with
``-- quick`` it takes a fifth of the draws.
"""

import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from time import perf_counter

import psutil

ROOT = Path(__file__).parents[1]
ONE = "relu_second_moment"
DRAWS = 320
"""Those of its quick size."""


@dataclass(frozen=True)
class Cost:
    """What a command took: wall and processor time in seconds, and memory in bytes.

    The memory is the largest sum, over all of its processes, of the proportional set size, in which
    a page that several processes share counts in equal parts.
    """

    wall: float
    processor: float
    memory: int


def main() -> None:
    """Print seconds, memory and ratios."""
    draws = DRAWS // 5 if "quick" in sys.argv else DRAWS
    one_and_two(draws)
    sixteen()


def one_and_two(draws: int) -> None:
    """Compare two workers with one, and a call that finds all done with one that does it."""
    costs: dict[int, list[Cost]] = {1: [], 2: []}
    again: list[float] = []
    for _ in range(3):
        for workers, found in costs.items():
            with tempfile.TemporaryDirectory() as folder:
                words = (f"experiment={ONE}", "scale=quick", f"experiment.draws={draws}")
                found.append(cost(folder, workers, *words))
                again.append(cost(folder, workers, *words).wall)
    one, two = (
        Cost(median(c.wall for c in found), median(c.processor for c in found), 0)
        for found in costs.values()
    )
    print(f"{ONE}, {draws} draws of quick size:")
    print(f"  one worker  {one.wall:6.1f} s, {one.processor:6.1f} s of processor time")
    print(f"  two workers {two.wall:6.1f} s, {two.processor:6.1f} s of processor time")
    print(f"  two over one: {two.wall / one.wall:.2f} of the time (at most 0.6 is wanted),")
    print(f"                {two.processor / one.processor:.2f} of the processor's (at most 1.1)")
    print(f"  the same again, all done: {median(again):.1f} s")


def sixteen() -> None:
    """Compare the memory of sixteen workers with that of one, of draws that need little."""
    memory = {}
    for workers in (1, 16):
        with tempfile.TemporaryDirectory() as folder:
            small = ("draws=3000", "depth=4", "width=16", "images=16")
            words = (f"experiment={ONE}", *(f"experiment.{setting}" for setting in small))
            memory[workers] = cost(folder, workers, *words).memory
        print(f"{workers:2d} workers: {memory[workers] / 1e9:.2f} GB")
    print(f"sixteen over one: {(memory[16] - memory[1]) / 1e9:.2f} GB more (at most 3 is wanted)")


def cost(folder: str, workers: int, *words: str) -> Cost:
    """Run the study and return what it took."""
    before = getrusage(RUSAGE_CHILDREN)
    start = perf_counter()
    command = [sys.executable, "-m", "study", f"output={folder}", f"engine.workers={workers}"]
    with subprocess.Popen([*command, *words], cwd=ROOT, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - the study
        memory = largest(process)
    if process.returncode:
        sys.exit(process.returncode)
    after = getrusage(RUSAGE_CHILDREN)
    processor = sum(after[:2]) - sum(before[:2])
    return Cost(perf_counter() - start, processor, memory)


def largest(process: subprocess.Popen[bytes]) -> int:
    """Watch the memory of a command and its processes until it ends."""
    top, pause = 0, threading.Event()
    while process.poll() is None:
        total = 0
        try:
            whole = psutil.Process(process.pid)
            for one in [whole, *whole.children(recursive=True)]:
                total += getattr(one.memory_full_info(), "pss", 0)
        except psutil.NoSuchProcess:
            continue
        top = max(top, total)
        pause.wait(0.5)
    return top


if __name__ == "__main__":
    main()
