"""A Slurm of one node, from the system's packages, started here and without systemd."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from study.configuring import SlurmSettings
from study.engine.engines import Engine, engine
from study.errors import EngineLostError, StudyError
from study.queue import Progress
from tests.engine.conftest import SLURM, Small, command_of, study_settings

if find_spec("dask_jobqueue") is None:
    pytest.skip("dask-jobqueue is not installed; nox -s cluster", allow_module_level=True)

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
LACKS = ", ".join(one for one in PROGRAMS if not shutil.which(one, path="/usr/sbin:/usr/bin"))

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(bool(LACKS), reason=f"no {LACKS} here: apt-get install slurmctld slurmd"),
    pytest.mark.skipif(getattr(os, "getuid", lambda: 1)() != 0, reason="only root starts a node"),
]

NODE = ("scontrol", "update", "NodeName=localhost")
CONF = """
ClusterName=study
SlurmctldHost=localhost
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}
SlurmdSpoolDir={folder}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmctldPort={controller}
SlurmdPort={node}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
KillWait=2
NodeName=localhost CPUs=1 RealMemory=2000
PartitionName=debug Nodes=localhost Default=YES State=UP
"""


def told(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def jobs(states: str = "PENDING,RUNNING") -> list[int]:
    """Return the jobs of the queue that are in some states, in order."""
    return sorted(map(int, told("squeue", "-h", "-o", "%i", f"--states={states}").split()))


def end_of(job: int) -> None:
    """Wait until the processes of a job are gone."""
    step = f"slurmstepd: [{job}."
    psutil.wait_procs([each for each in psutil.process_iter() if step in command_of(each)])


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start the daemons, and give the folder of their logs."""
    folder = tmp_path_factory.mktemp("slurm")
    controller, node = free_ports(2)
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(folder=folder, controller=controller, node=node))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("study.engine.slurm.ASK_SECONDS", 0.5)
        patch.setenv("SLURM_CONF", str(conf))
        patch.setenv("PATH", f"{os.environ['PATH']}:/usr/sbin")
        # A munge of its own: the system's may be off, or have left its socket when it was killed.
        key = folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid"}
        files |= {"seed-file": "seed", "log-file": "log"}
        told(
            "munged", "--force", *(f"--{name}={folder}/munge.{end}" for name, end in files.items())
        )
        told("slurmctld", "-f", str(conf))
        told("slurmd", "-f", str(conf), "-N", "localhost")
        told("srun", "--immediate=60", "-n1", "true")  # waits for the node
        yield folder
        for name in ("slurmd", "slurmctld", "munge"):
            process = psutil.Process(int((folder / f"{name}.pid").read_text()))
            process.send_signal(signal.SIGKILL)
            process.wait()


def at(settings: SlurmSettings, folder: Path) -> Engine:
    return replace(
        engine(study_settings(settings), folder), processes=lambda: ThreadPoolExecutor(1)
    )


@dataclass
class Accident:
    """Something that happens to the only job when some draws are made."""

    happens: Callable[[int], object]
    job: int | None = None
    seen: set[int] = field(default_factory=set)
    none: bool = False

    def __call__(self, progress: Progress) -> None:
        self.seen |= set(jobs())
        self.none |= progress.workers == 0
        if self.job is None and progress.draws == 2:
            (self.job,) = jobs()
            self.happens(self.job)
            end_of(self.job)


def cancel(job: int) -> None:
    told("scancel", str(job))


def let_its_time_run_out(job: int) -> None:
    told("scontrol", "update", f"JobId={job}", "EndTime=now")


def test_an_interrupt_is_left_to_the_study() -> None:
    code = (
        "import signal, study.interrupts as interrupts;"
        "from tests.engine.conftest import SLURM, study_settings;"
        "from study.engine import engines;"
        "from pathlib import Path;"
        "main = lambda: [engines.engine(study_settings(SLURM), Path()), signal.raise_signal(2)];"
        "interrupts.import_module = lambda name: type('', (), {'main': staticmethod(main)});"
        "raise SystemExit(interrupts.guarded(''))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    line = "error: interrupted; what is made is kept, the same command goes on\n"
    assert (done.returncode, done.stderr) == (130, line)


@pytest.mark.parametrize(
    ("happens", "told"), [(cancel, "CANCELLED AT"), (let_its_time_run_out, "DUE TO TIME LIMIT")]
)
def test_a_job_that_is_lost_is_asked_for_again_and_costs_its_draw(
    slurm: Path, small: Small, happens: Callable[[int], object], told: str
) -> None:
    accident = Accident(happens)
    done = small.perform(happens.__name__, at(SLURM, slurm), accident)
    assert done.reason == ""
    assert accident.job is not None
    assert told in (slurm / f"study-{accident.job}.err").read_text()
    assert len(accident.seen) > 1
    assert accident.none  # the progress said so
    assert small.numbers(happens.__name__) == small.numbers("here")
    assert jobs() == []


def test_a_study_waits_for_a_node_that_is_drained(slurm: Path, small: Small) -> None:
    def drained(job: int) -> None:
        told(*NODE, "State=DRAIN", "Reason=test")
        told("scancel", str(job))

    accident = Accident(drained)
    waited: list[int] = []

    def watch(progress: Progress) -> None:
        accident(progress)
        if accident.job is not None and not waited and (pending := jobs("PENDING")):
            waited.extend(pending)
            told(*NODE, "State=RESUME")

    done = small.perform("drained", at(SLURM, slurm), watch)
    assert done.reason == ""
    assert waited
    assert waited != [accident.job]
    assert small.numbers("drained") == small.numbers("here")


def test_a_job_that_is_cancelled_before_it_began_is_asked_for_again(
    slurm: Path, small: Small
) -> None:
    told(*NODE, "State=DRAIN", "Reason=test")
    pending: set[int] = set()

    def watch(_progress: Progress) -> None:
        if len(pending) == 2:
            return
        for job in jobs("PENDING"):
            pending.add(job)
            if len(pending) == 1:
                told("scancel", str(job))
            else:
                told(*NODE, "State=RESUME")

    done = small.perform("pending", at(SLURM, slurm), watch)
    assert done.reason == ""
    assert len(pending) == 2
    assert small.numbers("pending") == small.numbers("here")


def test_a_job_that_slurm_refuses_is_one_line(slurm: Path, small: Small) -> None:
    with pytest.raises(StudyError, match=r"^engine=slurm: .*Invalid partition"):
        small.perform("refused", at(replace(SLURM, queue="nope"), slurm))


def test_jobs_that_end_at_once_are_not_asked_for_for_ever(slurm: Path, small: Small) -> None:
    broken = at(replace(SLURM, python="/bin/false"), slurm)
    line = rf"^engine=slurm: \d+ jobs in a row ended .*; see {slurm}/study-(\d+)\.err;"
    with pytest.raises(EngineLostError, match=line) as error:
        small.perform("broken", broken)
    named = re.search(line, str(error.value))
    assert named is not None
    assert (slurm / f"study-{named[1]}.err").is_file()
    assert jobs() == []


def test_keys_are_gone_when_a_study_ends(slurm: Path, small: Small) -> None:
    (slurm / ".keys-of-a-run-that-was-killed").mkdir()
    assert small.perform("keys", at(SLURM, slurm)).reason == ""
    assert not [*slurm.glob(".keys*")]
