"""Torch with other CPU kernels than those it selects on this processor.

On a processor with vector instructions torch uses vectorised logarithms and cosines, whose last
bits differ from those of the scalar kernels. It selects them when it starts, so another selection
needs a new interpreter.
"""

import os
import subprocess
import sys
from functools import cache
from typing import Literal, TypeAlias

from study.errors import StudyError

Kernels: TypeAlias = Literal["default", "avx2", "avx512"]
"""Torch's names for its kernels.

On x86 ``default`` are the scalar ones, on other processors those that torch was built with. On a
processor without the instructions of a kernel, torch uses the best that it has."""


@cache
def output_under(kernels: Kernels, code: str, *arguments: str) -> str:
    """Run code in a new interpreter with the given kernels, and return its output.

    Args:
        kernels: the kernels that torch uses there.
        code: a Python program.
        arguments: its ``sys.argv[1:]``.

    Returns:
        Its standard output.

    Raises:
        StudyError: if it failed, with the last line of its error.

    >>> output_under("default", "import sys; print(sys.argv[1])", "9").strip()
    '9'
    """
    process = subprocess.run(  # noqa: S603 - this interpreter, and code of the study
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"ATEN_CPU_CAPABILITY": kernels},
    )
    if process.returncode:
        raise StudyError(
            f"ATEN_CPU_CAPABILITY={kernels}: {process.stderr.strip().splitlines()[-1]}"
        )
    return process.stdout
