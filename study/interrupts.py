"""How the study ends when it is told to: at once, with one line, from whatever it is doing."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""The exit codes by which a shell knows what ended a process."""


def guarded(module: str) -> int:
    """Call ``main`` of a module, whose import may be interrupted, too.

    Args:
        module: its dotted name.

    Returns:
        The exit code.
    """
    numbers: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        numbers.append(number)
        if len(numbers) == 1:
            raise KeyboardInterrupt
        if len(numbers) > 2:  # what ends the processes hangs itself; they end without us
            os._exit(CODES[signal.Signals(number)])

    for number in CODES:
        signal.signal(number, stop)
    try:
        return int(import_module(module).main())
    except BaseException:
        # Whatever became of the interrupt in the hands of a library that wraps what it is told.
        if not numbers:
            raise
        code = CODES[signal.Signals(numbers[0])]
        return say("interrupted; what is made is kept, the same command goes on", code)


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Leave interrupts as they are within the block, whatever a library that it imports does."""
    handlers = {number: signal.getsignal(number) for number in CODES}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def say(message: str, code: int) -> int:
    """Say on the error stream, in one line, what went wrong; return the exit code."""
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code
