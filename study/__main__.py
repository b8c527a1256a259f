"""``python -m study``; what it does stands in :mod:`study.command_line`."""

import sys

from study.interrupts import guarded

if __name__ == "__main__":  # pragma: no cover - the tests call what it calls
    sys.exit(guarded("study.command_line"))
