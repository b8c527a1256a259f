import json
import os
import signal
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from study import catalogue, configuring
from study.configuring import LocalSettings
from study.engine import local
from study.engine.engines import engine
from study.engine.tasks import Data, Task, perform
from study.errors import StudyError
from study.lab import mnist
from study.record import provenance
from tests.engine.conftest import SLURM, Small, study_settings


def identity() -> tuple[int, str | None, bool]:
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    return os.getpid(), os.environ.get("OMP_NUM_THREADS"), ignored


def device_seen(_call: int) -> tuple[int, str]:
    return os.getpid(), os.environ[local.DEVICES]


def test_there_is_a_core() -> None:
    assert 1 <= local.cores() <= (os.cpu_count() or 1)


def test_processes_have_one_thread_and_end_with_the_block() -> None:
    with local.processes(2) as pool:
        pid, threads, ignored = pool.submit(identity).result()
        assert pid != os.getpid()
        assert (threads, ignored) == ("1", True)
        # What a terminal sends to all processes at once does not reach them.
        os.kill(pid, signal.SIGINT)
        assert pool.submit(abs, -3).result() == 3
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_each_process_sees_a_device_of_its_own() -> None:
    seen: dict[int, str] = {}
    with local.processes(2, ["3", "GPU-1f"]) as pool:
        while len(seen) < 2:  # until both have had something to do
            seen |= dict(pool.map(device_seen, range(2)))
        assert sorted(seen.values()) == ["3", "GPU-1f"]


@pytest.mark.parametrize(
    ("visible", "names"), [(None, ["0", "1"]), ("2,GPU-1f,5", ["2", "GPU-1f"])]
)
def test_devices_have_the_names_that_cuda_reads(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, names: list[str]
) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    if visible is None:
        monkeypatch.delenv(local.DEVICES, raising=False)
    else:
        monkeypatch.setenv(local.DEVICES, visible)
    assert local.devices() == names


def test_there_is_one_worker_for_each_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert engine(study_settings(LocalSettings("local", None), "cuda"), Path()).workers == 2
    with pytest.raises(StudyError, match=r"^engine.workers=3, device=cuda: .* there are 2$"):
        engine(study_settings(LocalSettings("local", 3), "cuda"), Path())


def test_workers_of_a_job_do_not_share_a_device() -> None:
    with pytest.raises(StudyError, match=r"^engine.cores=2, device=cuda: must be 1"):
        engine(study_settings(replace(SLURM, cores=2), "cuda"), Path())


@pytest.mark.gpu
def test_verdicts_of_a_device_are_those_of_the_processor(small: Small) -> None:
    settings = study_settings(LocalSettings("local", None), "cuda")
    done = small.perform("cuda", engine(settings, Path()), device="cuda")
    assert done.reason == ""
    verdicts = [
        {claim["id"]: claim["verdict"] for claim in json.loads(small.numbers(place)["claims.json"])}
        for place in ("here", "cuda")
    ]
    assert verdicts[0] == verdicts[1] != {}


def test_draws_of_other_processes_are_those_made_here(
    tmp_path: Path, embedded: mnist.Mnist
) -> None:
    name = "relu_second_moment"
    changes = {"draws": 2, "depth": 3, "width": 16, "images": 5}
    settings = configuring.plain_settings(name, "quick") | changes
    mnist.share(embedded, tmp_path)
    data = Data(embedded.name, embedded.checksum, 256.0, str(tmp_path))
    code = provenance.code_digest(catalogue.module(name))
    tasks = [Task(name, settings, data, "cpu", code, (draw,), "", "") for draw in range(2)]
    with local.processes(2) as pool:
        apart = list(pool.map(perform, tasks))
    together = [perform(task) for task in tasks]
    assert [one.content for (one,) in apart] == [one.content for (one,) in together]


def test_the_death_of_a_process_is_told() -> None:
    with local.processes(1) as pool, pytest.raises(BrokenExecutor):
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL).result()
