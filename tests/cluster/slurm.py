"""A Slurm of two nodes on this machine: munge, one controller, two node daemons, all on the loopback device.

It lives in a mount namespace of its own, so that the machine's ``/etc/slurm`` stays as it is, and ends with its parent.
Debian's packages ``slurmctld slurmd slurm-client munge`` are needed, and root.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "unshare", "nsenter")

_CONF = """ClusterName=loop
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={root}/munge/socket
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool_%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd_%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd_%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=1
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=600
KillWait=5
PlugStackConfig=/dev/null
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node_1} CPUs=1 RealMemory=6000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={node_2} CPUs=1 RealMemory=6000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    if os.geteuid():
        return "a Slurm in a mount namespace needs root"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def _free_ports(count: int) -> list[int]:
    holders = [socket.socket() for _ in range(count)]
    for holder in holders:
        holder.bind(("127.0.0.1", 0))
    ports = [holder.getsockname()[1] for holder in holders]
    for holder in holders:
        holder.close()
    return ports


def prepare(root: Path) -> None:
    """The configuration and the key of a Slurm whose files all stand in ``root``."""
    for name in ("etc", "munge", "state", "spool_n1", "spool_n2"):
        (root / name).mkdir(parents=True)
    port, node_1, node_2 = _free_ports(3)
    host = socket.gethostname().split(".")[0]
    text = _CONF.format(host=host, root=root, port=port, node_1=node_1, node_2=node_2)
    (root / "etc/slurm.conf").write_text(text)
    (root / "munge/key").write_bytes(os.urandom(1024))
    for private in (root / "munge", root / "munge/key"):
        private.chmod(0o700 if private.is_dir() else 0o600)


def inside(root: Path, command: list[str]) -> int:
    """Run a command with the Slurm of ``root`` around it; called in a mount namespace of its own."""
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    Path("/etc/slurm").mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", str(root / "etc"), "/etc/slurm"], check=True)
    munge = root / "munge"
    files = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    options = [f"--{option}={munge / name}" for option, name in files.items()]
    daemons = [["munged", "--force", "--foreground", *options], ["slurmctld", "-D"]]
    daemons += [["slurmd", "-D", "-N", name] for name in ("n1", "n2")]
    log = (root / "daemons.log").open("wb")
    running: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        for daemon in daemons:
            running.append(subprocess.Popen(daemon, stdout=log, stderr=log))
            time.sleep(1)
        _wait_for_nodes()
        (root / "ready").touch()
        return subprocess.run(command, check=False).returncode
    finally:
        subprocess.run(["scancel", "-u", "root"], check=False, capture_output=True)
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        _end_leftovers()


def _end_leftovers() -> None:
    """End what jobs left in this mount namespace: those of a node that was set down outlive it, their Slurm is ours."""
    ours = os.readlink("/proc/self/ns/mnt")
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):  # it has ended meanwhile
                if os.readlink(entry / "ns/mnt") == ours:
                    os.kill(int(entry.name), signal.SIGKILL)


def _wait_for_nodes() -> None:
    deadline = time.monotonic() + 120
    while True:
        done = subprocess.run(["sinfo", "-h", "-N", "-o", "%T"], text=True, capture_output=True, check=False)
        if done.stdout.split().count("idle") == 2:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the nodes did not come up: {done.stdout}{done.stderr}")
        time.sleep(0.5)


class Cluster:
    """A Slurm that is up, for several commands."""

    def __init__(self, root: Path, process: subprocess.Popen[bytes]) -> None:
        self._root, self._process = root, process

    def start(self, folder: Path, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a command on the head node, in a folder; its output is read from the process."""
        enter = ["nsenter", f"--mount=/proc/{self._process.pid}/ns/mnt", "--", "sh", "-c", 'cd "$0" && exec "$@"']
        return subprocess.Popen(
            [*enter, str(folder), *command],
            env=dict(environment),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def control(self, *command: str, refused: bool = False) -> str:
        """What a command of Slurm's says: ``squeue``, ``scancel``, ``scontrol``; ``refused`` allows it to fail."""
        configured = {**os.environ, "SLURM_CONF": str(self._root / "etc/slurm.conf")}
        done = subprocess.run(command, env=configured, text=True, capture_output=True, check=False)
        assert refused or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def running(self) -> list[tuple[str, str]]:
        """Number and node of each job that runs now."""
        rows = self.control("squeue", "-h", "-t", "RUNNING", "-o", "%A %N").splitlines()
        return [(number, node) for number, node in map(str.split, rows)]

    def log(self) -> str:
        """What the controller has written."""
        return (self._root / "slurmctld.log").read_text()


@contextmanager
def up(root: Path) -> Iterator[Cluster]:
    """A Slurm whose files are in ``root``, for as long as the block lasts."""
    prepare(root)
    process = subprocess.Popen(["unshare", "--mount", sys.executable, __file__, str(root), "sleep", "3600"])
    deadline = time.monotonic() + 120
    try:
        while not (root / "ready").exists():
            assert process.poll() is None, (root / "daemons.log").read_text(errors="replace")
            assert time.monotonic() < deadline, "the nodes did not come up"
            time.sleep(0.2)
        yield Cluster(root, process)
    finally:
        process.terminate()
        process.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(inside(Path(sys.argv[1]), sys.argv[2:]))


MARKS = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"no Slurm: {missing()}"),
    pytest.mark.skipif(
        importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
        reason="no Slurm: the extra slurm is missing",
    ),
]
"""Of every module of tests that needs a Slurm."""
