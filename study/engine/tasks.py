"""What a process is asked for: some draws of one experiment.

A task holds names, numbers and JSON, and no tensor, so that it can be sent to any process that has
the study's code. What comes back is text, one piece for each thing that was asked for; who asked
writes it into a file, so that no other process needs the folder.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from study import catalogue, configuring
from study.errors import StudyError
from study.lab import checkpoints, data_sets, mnist
from study.record import provenance
from study.record.draws import draw_to_json
from study.record.experiment import Method
from study.record.results import recover, replacing_folder

CHOICE, EXACT = "choice", "exact"
"""Asked for beside draws, to get what is decided before them and the numbers that none touches."""


@dataclass(frozen=True)
class Data:
    """Where a process finds the data.

    Attributes:
        name: ``mnist``, ``mnist_5k`` or ``shapeset``.
        checksum: of its files.
        pixel_scale: what a byte is divided by.
        folder: of the arrays that all processes of a machine share; empty if there are none, and
            each finds the files itself.
    """

    name: str
    checksum: str
    pixel_scale: float
    folder: str


@dataclass(frozen=True)
class Task:
    """Some draws of one experiment.

    Attributes:
        name: of the experiment.
        settings: its settings, as JSON has them.
        data: where the data is.
        device: where tensors are to live.
        code: what identifies the code of its method.
        items: indices of draws, or the names of what is made once.
        choice: what was decided before, as JSON; empty if nothing was, or is to be.
        checkpoints: the folder for those of long trainings; empty if there is none.
    """

    name: str
    settings: Mapping[str, Any]
    data: Data
    device: str
    code: str
    items: tuple[int | str, ...]
    choice: str
    checkpoints: str


@dataclass(frozen=True)
class Output:
    """What a process gives back.

    Attributes:
        item: what it was asked for.
        content: JSON of it.
        seconds: processor time that it took.
        memory: the largest resident memory of the process so far, in bytes.
        cpu_capability: torch's name for what the processor can do.
    """

    item: int | str
    content: str
    seconds: float
    memory: int
    cpu_capability: str


def laid_out(files: mnist.Files, pixel_scale: float, folder: Path) -> Data:
    """Lay a data set out in files that all processes of this machine map, unless it lies there.

    Args:
        files: the verified files.
        pixel_scale: what a byte is divided by.
        folder: for data sets, each in a folder of its own.
    """
    code = provenance.code_digest(provenance.DATA, provenance.READING)
    key = provenance.digest([files.checksum, pixel_scale, code])
    place = folder / f"{files.name}-{key[:12]}"
    recover(place)
    if not _is_whole(place):
        data = data_sets.load(files, pixel_scale, torch.device("cpu"))
        with replacing_folder(place) as draft:
            mnist.share(data, draft)
    return Data(files.name, files.checksum, pixel_scale, str(place))


def _is_whole(place: Path) -> bool:
    try:
        mnist.shared(place, torch.device("cpu"))
    except (OSError, ValueError, EOFError):
        return False  # not there, or cut off where a machine lost its power
    return True


def perform(task: Task) -> list[Output]:
    """Make what a task asks for.

    Args:
        task: the task.

    Returns:
        One piece for each thing wanted, in order.

    Raises:
        StudyError: if the code here is not the code that is asked for, or if the experiment
            refuses its data.
        MemoryError: if there is not enough memory.
    """
    with plain_arithmetic(), _enough_memory():
        method, config, inputs = _prepared(
            task.name, json.dumps(task.settings), task.data, task.device, task.code
        )
    choice = (json.loads(task.choice),) if task.choice else ()

    def result(item: int | str) -> object:
        if item == CHOICE:
            return method.chosen(config, inputs)[0]
        if item == EXACT:
            return method.numbers(config, inputs, choice)
        return draw_to_json(method.measure(config, inputs, item, *choice))

    outputs = []
    for item in task.items:
        start = time.process_time()
        with plain_arithmetic(), _checkpoints(task, item), _enough_memory():
            content = json.dumps(result(item))
        seconds = time.process_time() - start
        capability = torch.backends.cpu.get_cpu_capability()
        outputs.append(Output(item, content, seconds, provenance.peak_memory(), capability))
    return outputs


def told(name: str, items: Sequence[int | str]) -> str:
    """Name what is wanted, as an error does.

    >>> told("toy", [3, 4, 5])
    'toy: draw 3 to 5'
    """
    first, *rest = items
    start = first if isinstance(first, str) else f"draw {first}"
    return f"{name}: {start}" + (f" to {rest[-1]}" if rest else "")


@lru_cache(maxsize=1)
def _prepared(
    name: str, settings: str, data: Data, device: str, code: str
) -> tuple[Method, Any, Any]:
    """Prepare what the draws of an experiment share; that of the last one is kept."""
    method = catalogue.method(name)
    check_code(name, code, provenance.code_digest(catalogue.module(name)))
    config = configuring.checked(method.config, json.loads(settings))
    return method, config, method.prepare(config, _data(data, device))


@lru_cache(maxsize=1)
def _data(data: Data, device: str) -> mnist.Mnist:
    if data.folder:
        return mnist.shared(Path(data.folder), configuring.device(device))
    files = data_sets.find(data.name)
    check_data(data.checksum, files)
    return data_sets.load(files, data.pixel_scale, configuring.device(device))


def check_data(checksum: str, files: mnist.Files) -> None:
    """Refuse to go on with other data than a study began with.

    Args:
        checksum: the checksum of the data there.
        files: the data here.

    Raises:
        StudyError: if they differ.
    """
    if files.checksum != checksum:
        raise StudyError(
            f"data {files.name} {files.where} (SHA-256 {files.checksum[:12]}…) is not that with "
            f"which the study began ({checksum[:12]}…)"
        )


def check_code(name: str, code: str, code_here: str) -> None:
    """Refuse to go on with other code than a study began with.

    Args:
        name: of the experiment.
        code: what identifies its code there.
        code_here: and here, read after it was imported.

    Raises:
        StudyError: if they differ.
    """
    if code_here != code:
        raise StudyError(f"{name}: its code is not that with which the study began; start again")


@contextmanager
def _enough_memory() -> Iterator[None]:
    """Give the lack of memory, which torch tells in a way of its own, its usual name."""
    try:
        yield
    except RuntimeError as error:
        if "allocate memory" in str(error) or "out of memory" in str(error):
            raise MemoryError from None
        raise


@contextmanager
def plain_arithmetic() -> Iterator[None]:
    """Set what other work in this process may have set otherwise, for one draw."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
    with torch.random.fork_rng(devices=[]):
        yield


def _checkpoints(task: Task, item: int | str) -> Any:  # noqa: ANN401 - a context
    folder = task.checkpoints and Path(task.checkpoints, str(item))
    return checkpoints.kept_in(folder) if folder else nullcontext()
