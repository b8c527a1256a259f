"""How whole processes end; each is started as a reader starts it."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from study import catalogue
from study.interrupts import say

PROJECT = Path(catalogue.__file__).parents[1]
LINE = "error: interrupted; what is made is kept, the same command goes on\n"


def started(code: str, cwd: Path) -> subprocess.Popen[str]:
    """Start an interpreter that says "ready" when it has come to the point."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_import_can_be_interrupted(tmp_path: Path, number: int, code: int) -> None:
    (tmp_path / "endless.py").write_text(
        "print('ready', flush=True)\nimport threading\nthreading.Event().wait()\n"
    )
    process = started(
        "import sys; from study.interrupts import guarded; sys.exit(guarded('endless'))", tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, told = process.communicate()
    assert (process.returncode, told) == (code, LINE)


def test_an_interrupt_that_a_library_wraps_is_one(tmp_path: Path) -> None:
    (tmp_path / "wrapping.py").write_text(
        "print('ready', flush=True)\nimport threading\n"
        "try:\n    threading.Event().wait()\n"
        "except BaseException as error:\n    raise ValueError('wrapped') from error\n"
    )
    process = started(
        "import sys; from study.interrupts import guarded; sys.exit(guarded('wrapping'))", tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert (process.returncode, told) == (130, LINE)


def test_a_mistake_is_no_interrupt(tmp_path: Path) -> None:
    (tmp_path / "mistaken.py").write_text("raise ValueError('ours')\n")
    process = started("from study.interrupts import guarded; guarded('mistaken')", tmp_path)
    _, told = process.communicate()
    assert process.returncode == 1
    assert told.endswith("ValueError: ours\n")


def test_an_interrupt_ends_a_long_draw_and_all_its_processes(tmp_path: Path) -> None:
    # Two processes, each in a draw that would take days.
    process = started(
        f"""
        import sys
        from pathlib import Path
        from study import command_line, interrupts, queue
        command_line.ROOT = Path({str(tmp_path)!r})
        send = queue.Queue.send
        def tell(self, *given):
            send(self, *given)
            if any(future.running() for future in self.running):
                print("ready", flush=True)
        queue.Queue.send = tell
        sys.argv = [
            "study", "experiment=relu_second_moment", "data=mnist_5k", "engine.workers=2",
            "experiment.depth=1000", "experiment.width=4000", "experiment.images=4000",
        ]
        sys.exit(interrupts.guarded("study.command_line"))
        """,
        tmp_path,
    )
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert (process.returncode, told) == (130, LINE)
    psutil.wait_procs(children)  # it returns only if they are gone


def test_an_error_is_one_line_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert say("one\n  two", code=3) == 3
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: one two\n")
    assert re.fullmatch(r"error: [^\n]+\n", err)
