"""How the study ends when it is told to: at once, with one line, from whatever it is doing."""

import os
import signal
import sys
from importlib import import_module
from types import FrameType

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
"""The exit codes by which a shell knows what ended a process."""


class Interrupted(KeyboardInterrupt):
    """Raised where the study is when it is told to end.

    Attributes:
        code: the exit code.
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def guarded(module: str) -> int:
    """Call ``main`` of a module, whose import may be interrupted, too.

    Args:
        module: its dotted name.

    Returns:
        The exit code.
    """
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        if len(told) == 1:
            raise Interrupted(CODES[signal.Signals(number)])
        if len(told) > 2:  # what ends the processes hangs itself; they end without us
            os._exit(CODES[signal.Signals(number)])

    for known in CODES:
        signal.signal(known, stop)
    try:
        return int(import_module(module).main())
    except Interrupted as interrupted:
        return say("interrupted; what is made is kept, the same command goes on", interrupted.code)


def say(message: str, code: int) -> int:
    """Say on the error stream, in one line, what went wrong; return the exit code."""
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return code
