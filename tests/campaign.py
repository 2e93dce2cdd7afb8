"""``make campaign``: tries to make the project lie, hang, lose work or let something in; a table of what held.

Each try has a number, which with the seed decides everything random in it: ``make campaign AREA=flips SEED=1 FIRST=17
COUNT=1`` replays one. Exit status 1 when anything fell.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fuzz import test_input, test_stores
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from workflow.conftest import Project, copy_of_the_project

from learnability.pipeline import status
from learnability.pipeline.job_table import JobTable

COUNTS = {"kills": 200, "flips": 1000, "configs": 500, "targets": 500, "archives": 100}
STUDY = "atlas"  # the one whose run at the scale smoke costs least
_LIMIT = 900.0  # seconds that a run may take before it counts as hanging


class Campaign:
    """What every try starts from: a project with finished results, how it was made, and how long its run took."""

    def __init__(self, folder: Path, study: str, cores: int, end: float, longest: float) -> None:
        self.study, self.cores, self.end, self.longest = study, cores, end, longest
        self.finished = make(folder, study)
        self.seconds = 0.0

    def over(self) -> bool:
        """Whether no try may begin any more."""
        return time.monotonic() > self.end

    def run(self, project: Project) -> subprocess.CompletedProcess[str]:
        """One run to its end."""
        return project.launch("--cores", str(self.cores))

    def finish(self) -> None:
        """Make the results that all others are compared with."""
        start = time.monotonic()
        done = self.run(self.finished)
        assert done.returncode == 0, done.stdout + done.stderr
        self.seconds = time.monotonic() - start


def make(folder: Path, study: str) -> Project:
    """A project with one real study, without results."""
    project = copy_of_the_project(folder)
    config = f"root_seed: 1\nscale: smoke\ndevice: cpu\nstudies: [{study}]\n"
    (folder / "config/config.yaml").write_text(config)
    return project


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def states(project: Project) -> dict[str, str]:
    """The state of every output that is not current."""
    with inside(project.folder):
        found = status.examine(JobTable(Path("config")))
    return {output.path: output.state for output in found if output.state != "current"}


# Kills ---------------------------------------------------------------------------------------------------------------


def _processes(folder: Path) -> list[int]:
    """The processes that work in a folder."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == str(folder):
                found.append(int(entry))
        except OSError:
            continue
    return found


def kills(campaign: Campaign, first: int, count: int, base: int) -> Iterator[tuple[int, str]]:
    """Runs that are killed at random moments until one comes through, with the bytes of the run that was not killed."""
    wanted, number = campaign.finished.contents(), first
    while number < first + count and not campaign.over():
        with tempfile.TemporaryDirectory() as folder:
            project = make(Path(folder).resolve() / "project", campaign.study)
            mine: list[int] = []
            while number < first + count and len(mine) < 10 and not campaign.over():
                random_ = random.Random(f"kills {base} {number}")
                process = subprocess.Popen(
                    [sys.executable, "-m", "learnability.launch", "--cores", str(campaign.cores)], cwd=project.folder,
                    env={**project.environment, "LEARNABILITY_CHECKPOINT_SECONDS": "0"}, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, start_new_session=True,
                )  # fmt: skip
                time.sleep(random_.uniform(0.5, min(campaign.seconds, campaign.longest)))
                if process.poll() is not None:
                    break
                mine.append(number)
                number += 1
                sort = random_.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
                victims = _processes(project.folder)
                some = victims if random_.random() < 0.3 else [random_.choice(victims)] if victims else []
                for victim in some:
                    with suppress(ProcessLookupError):
                        os.kill(victim, sort)
                try:
                    process.wait(timeout=_LIMIT)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    yield number - 1, "the run did not end after the kill"
            done = campaign.run(project)
            problem = "" if done.returncode == 0 else f"the next command failed: {(done.stdout + done.stderr)[-300:]}"
            if not problem and (found := project.contents()) != wanted:
                differ = sorted(n for n in {*found, *wanted} if found.get(n) != wanted.get(n))
                problem = f"other bytes: {differ[:3]}"
            if not problem and (left := states(project)):
                problem = f"not current: {dict(list(left.items())[:3])}"
            if not problem and _processes(project.folder):
                problem = "something runs on"
            yield from ((one, problem) for one in mine or [number])
            number += not mine


# Flips and swaps -----------------------------------------------------------------------------------------------------


def _spoil(random_: random.Random, files: list[Path]) -> list[Path]:
    """Change one file, or two, without a trace in its times; those that are not what they were."""
    path, other = random_.sample(files, 2)
    before = {one: one.read_bytes() for one in (path, other)}
    content, at = before[path], random_.randrange(len(before[path]))
    match random_.choice(["flip", "cut", "append", "zero", "copy", "swap"]):
        case "flip":
            path.write_bytes(content[:at] + bytes([content[at] ^ (1 << random_.randrange(8))]) + content[at + 1 :])
        case "cut":
            path.write_bytes(content[:at])
        case "append":
            path.write_bytes(content + random_.randbytes(random_.randrange(1, 40)))
        case "zero":
            path.write_bytes(content[:at] + bytes(min(512, len(content) - at)) + content[at + 512 :])
        case "copy":
            path.write_bytes(before[other])
        case "swap":
            path.write_bytes(before[other])
            other.write_bytes(before[path])
    return [one for one, old in before.items() if one.read_bytes() != old]


def flips(campaign: Campaign, first: int, count: int, base: int) -> Iterator[tuple[int, str]]:
    """Outputs that are changed or exchanged: the state of each must say so."""
    with inside(campaign.finished.folder):
        table = JobTable(Path("config"))
        made = status.jobs(table)
        files = sorted(Path(path) for job in made for path in job.outputs)
        for number in range(first, first + count):
            if campaign.over():
                return
            kept = {path: path.read_bytes() for path in files}
            spoilt = _spoil(random.Random(f"flips {base} {number}"), files)
            found = {output.path: output.state for output in status.examine(table, made)}
            passed = [path for path in spoilt if found[path.as_posix()] in ("current", "stale")]
            for path in spoilt:
                path.write_bytes(kept[path])
            yield number, f"passed as what it was: {passed}" if passed else ""


# Input ---------------------------------------------------------------------------------------------------------------


def _example(strategy: st.SearchStrategy, number: int) -> object:
    """The last of five examples that this number gives."""
    kept: list[object] = []
    limits = settings(max_examples=5, database=None, deadline=None, suppress_health_check=list(HealthCheck))

    def keep(example: object) -> None:
        kept.append(example)

    seed(number)(limits(given(strategy)(keep)))()
    return kept[-1]


def _inputs(strategy: st.SearchStrategy, problem: Callable) -> Callable[..., Iterator[tuple[int, str]]]:
    def tries(campaign: Campaign, first: int, count: int, base: int) -> Iterator[tuple[int, str]]:
        for number in range(first, first + count):
            if campaign.over():
                return
            yield number, problem(_example(strategy, base * 10**6 + number))

    return tries


AREAS: dict[str, Callable[..., Iterator[tuple[int, str]]]] = {
    "flips": flips,
    "configs": _inputs(test_input.CONFIGS, test_input.config_problem),
    "targets": _inputs(test_input.TARGETS, test_input.target_problem),
    "archives": _inputs(test_stores.ARCHIVES, test_stores.archive_problem),
    "kills": kills,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--area", choices=AREAS, nargs="*", default=list(AREAS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, help="tries of each area; default: " + str(COUNTS))
    parser.add_argument("--study", default=STUDY, help="whose results are killed and spoilt")
    parser.add_argument("--cores", type=int, default=2)
    longest = "seconds after which a run is killed at the latest; default: as long as it takes"
    parser.add_argument("--longest", type=float, default=float("inf"), help=longest)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no try after so long")
    arguments = parser.parse_args()
    lines, fell = [f"{'area':<10} {'tried':>6} {'held':>6} {'fell':>6}  seed {arguments.seed}"], 0
    with tempfile.TemporaryDirectory() as folder:
        end = time.monotonic() + 60 * arguments.minutes
        campaign = Campaign(
            Path(folder).resolve() / "finished", arguments.study, arguments.cores, end, arguments.longest
        )
        if {"kills", "flips"} & set(arguments.area):
            campaign.finish()
        for area in arguments.area:
            tried, bad = 0, []
            count = COUNTS[area] if arguments.count is None else arguments.count
            for number, problem in AREAS[area](campaign, arguments.first, count, arguments.seed):
                tried += 1
                if problem:
                    bad.append(number)
                    print(f"{area} {number} fell: {problem}", file=sys.stderr, flush=True)
            fell += len(bad)
            lines.append(f"{area:<10} {tried:>6} {tried - len(bad):>6} {len(bad):>6}  {bad[:10] or ''}")
            print(lines[-1], file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(lines))
    return 1 if fell else 0


if __name__ == "__main__":
    sys.exit(main())
