"""Torch with other kernels than those it chooses on this processor.

On a processor with vector instructions torch computes several numbers at once, with logarithms and
cosines of its own, whose last bits differ from those of the scalar kernels. It chooses when it
starts, so another choice takes a fresh interpreter.
"""

import os
import subprocess
import sys
from functools import cache
from typing import Literal, TypeAlias

from study.errors import StudyError

Kernels: TypeAlias = Literal["default", "avx2", "avx512"]
"""What torch calls its kernels.

On x86 ``default`` are the scalar ones, on other processors those that torch was built with. A
processor that lacks what is asked for uses the best that it has."""


@cache
def output_under(kernels: Kernels, code: str, *arguments: str) -> str:
    """Run a piece of code in a fresh interpreter and return what it prints.

    Args:
        kernels: which kernels torch is to use there.
        code: a program.
        arguments: what it finds in ``sys.argv``, after the first.

    Returns:
        What it printed.

    Raises:
        StudyError: if it failed, with the last line of its error.

    >>> output_under("default", "import sys; print(sys.argv[1])", "9").strip()
    '9'
    """
    done = subprocess.run(  # noqa: S603 - this interpreter, and code of the study
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ATEN_CPU_CAPABILITY": kernels},
    )
    if done.returncode:
        raise StudyError(f"ATEN_CPU_CAPABILITY={kernels}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout
