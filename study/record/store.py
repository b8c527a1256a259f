"""The draws of a run on their way: one small file each, in place in one rename.

A folder holds what was made with one method, one set of settings and one data set; its name is
their fingerprint, so nothing stale is ever taken for fresh. The number of draws is no part of that:
more draws of the same are added to those that are there.
"""

import json
import shutil
import time
from collections.abc import Iterable
from io import SEEK_END
from pathlib import Path
from typing import Any, TypedDict

from study.record.draws import Draw, draw_from_json
from study.record.results import tidy, write_text

CHECKPOINTS = "checkpoints"
END = b"}\n"
"""How a file ends that is whole."""


class Maker(TypedDict):
    """With what something was made: see :func:`study.record.provenance.describe`."""

    commit: str
    dirty: bool
    cpu_capability: str


class Store:
    """The folder of the draws that have one fingerprint.

    Args:
        folder: where it lies; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(
        self, name: int | str, content: str, seconds: float, memory: int, maker: Maker
    ) -> None:
        """Keep what was made.

        Args:
            name: the index of a draw, or the name of what is made once.
            content: JSON of it.
            seconds: processor time that it took.
            memory: the largest resident memory, so far, of the process that made it, in bytes.
            maker: the commit and the processor that it was made with.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        head = json.dumps({**maker, "seconds": seconds, "memory": memory, "at": time.time()})
        write_text(self._path(name), f'{{"made": {head}, "content": {content}' + END.decode())
        shutil.rmtree(self.checkpoints / str(name), ignore_errors=True)

    def holds(self, name: int | str) -> bool:
        """Tell whether something is kept, and whole: a machine may lose its power."""
        try:
            with self._path(name).open("rb") as file:
                file.seek(-len(END), SEEK_END)
                return file.read() == END
        except OSError:
            return False

    def missing(self, names: Iterable[int | str]) -> list[int | str]:
        """Return those of some names under which nothing is kept; tidy up after the interrupted."""
        tidy(self.folder)
        return [name for name in names if not self.holds(name)]

    def draws(self, indices: Iterable[int]) -> dict[int, Draw]:
        """Return draws, by index; all of them are kept."""
        return {draw: draw_from_json(self.content(draw)) for draw in indices}

    def content(self, name: int | str) -> Any:  # noqa: ANN401 - JSON holds anything
        """Return what is kept under a name."""
        return self._read(name)["content"]

    def text(self, name: int | str) -> str:
        """Return the JSON of what is kept under a name."""
        return json.dumps(self.content(name))

    def whole(self, name: int | str) -> str:
        """Return what is kept under a name, with how it was made, as it is stored."""
        return self._path(name).read_text(encoding="utf-8")

    def discard(self) -> None:
        """Remove all that is kept, checkpoints with it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def made(self, names: Iterable[int | str]) -> dict[str, Any]:
        """Return how all that is named was made: at what cost, and with which code first."""
        records = sorted(
            (self._read(name)["made"] for name in names), key=lambda record: record["at"]
        )
        capabilities = sorted({str(record["cpu_capability"]) for record in records})
        return {
            # Of several commits with the same code of the method, the first: what was committed
            # after it did not come before these numbers.
            "commit": records[0]["commit"],
            "dirty": any(record["dirty"] for record in records),
            "cpu_capability": ", ".join(capabilities),
            "processor_seconds": round(sum(record["seconds"] for record in records), 1),
            "peak_memory_megabytes": round(max(record["memory"] for record in records) / 1e6),
        }

    @property
    def checkpoints(self) -> Path:
        """The folder for the checkpoints of long trainings, one folder for each draw."""
        return self.folder / CHECKPOINTS

    def _path(self, name: int | str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: int | str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self._path(name).read_text(encoding="utf-8"))
        return content
