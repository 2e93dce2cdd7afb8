"""What you see is what this code made, or it says so: whatever is put in the place of an output is named and mended."""

import os
import re
import shutil
import signal
import sys
import zipfile
from pathlib import Path

import pytest

from learnability.results.integrity import UNSEALED, seal
from learnability.results.store import read

from .conftest import Project
from .test_bytes import _start_slow, _wait_for_checkpoint

pytestmark = pytest.mark.workflow

DEMO = "results/laptop/demo"
TARGETS, TRAIN = (f"src/learnability/studies/demo/walk/{stage}.py" for stage in ("targets", "train"))


def _status(project: Project) -> dict[str, str]:
    """The state of every output that is not current, by its path."""
    done = project.call(sys.executable, "-m", "learnability.cli", "status", "--all")
    assert done.returncode in (0, 1), done.stderr
    found = dict(line.split()[1::-1] for line in done.stdout.splitlines() if re.match(r"  [a-z]+ +results/", line))
    assert (done.returncode == 0) == (not found)
    return {path.rstrip(":"): state for path, state in found.items()}


def _drop_a_chunk(path: Path) -> None:
    """An artifact without one of its chunks, sealed again: it reads as NaN or zero, and its own digest fits."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    chunk = next(name for name in members if "/c/" in name or name.endswith("/c"))
    with path.open("w+b") as stream:
        with zipfile.ZipFile(stream, "w") as new:
            for name, content in members.items():
                if name != chunk:
                    new.writestr(zipfile.ZipInfo(name), content)
            new.comment = UNSEALED
        seal(stream)


def test_the_state_after_a_run_is_current(finished: Project) -> None:
    assert _status(finished) == {}


def test_whatever_is_put_in_the_place_of_an_output_is_named_and_mended(finished: Project, project: Project) -> None:
    folder = project.folder / DEMO
    one, other = sorted(folder.glob("first/train/*"))
    first, second = one / "seeds0-2.zarr.zip", other / "seeds0-2.zarr.zip"
    first.rename(folder / "x")
    second.rename(first)
    (folder / "x").rename(second)  # two settings swapped
    shutil.copy2(one / "seeds0-2.zarr.zip", one / "seeds2-4.zarr.zip")  # one batch of seeds over another
    shutil.copy2(folder / "first/analysis.zarr.zip", folder / "second/analysis.zarr.zip")  # one analysis over another
    scan = next(folder.glob("third/train/*/*.zarr.zip"))
    _drop_a_chunk(scan)
    for path in (folder / "claims.json", project.folder / "results/laptop/claims.json"):
        path.write_text(path.read_text().replace('"supported"', '"contradicted"'))
    (folder / "figures/means.svg").write_text("<svg/>")
    page = project.folder / "results/laptop/report/demo.html"
    page.write_text(page.read_text().replace("supported", "contradicted"))
    (folder / "figures/norms.png").unlink()
    states = _status(project)
    wanted = {
        first: "foreign", second: "foreign", one / "seeds2-4.zarr.zip": "foreign",
        folder / "second/analysis.zarr.zip": "foreign", scan: "edited", folder / "claims.json": "edited",
        project.folder / "results/laptop/claims.json": "edited", folder / "figures/means.svg": "edited",
        page: "edited", folder / "figures/norms.png": "missing",
    }  # fmt: skip
    found = {path: states.get(path.relative_to(project.folder).as_posix()) for path in wanted}
    assert found == wanted
    done = project.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("set aside") == sum(state != "missing" for state in wanted.values())
    for path in project.folder.rglob("results/**/*"):
        if path.suffix in (".foreign", ".edited"):
            path.unlink()
    assert project.contents() == finished.contents()
    assert page.read_bytes() == (finished.folder / page.relative_to(project.folder)).read_bytes()
    assert _status(project) == {}


def test_a_job_of_plain_snakemake_refuses_an_input_that_was_replaced(finished: Project, project: Project) -> None:
    folder = project.folder / DEMO
    one, other = sorted(folder.glob("first/train/*"))
    shutil.copy2(one / "seeds0-2.zarr.zip", other / "seeds0-2.zarr.zip")
    shutil.rmtree(project.folder / "results/laptop/manifest")  # the attributes alone tell
    done = project.snakemake("--forcerun", "analyse")
    assert done.returncode != 0
    assert "not the artifact that belongs here: its setting id" in done.stdout + done.stderr
    done = project.snakemake()
    assert done.returncode == 0, done.stdout + done.stderr
    (other / "seeds0-2.zarr.zip.edited").unlink()
    names = [name for name in finished.contents() if "/manifest/" not in name]
    assert {name: project.contents()[name] for name in names} == {name: finished.contents()[name] for name in names}


def test_results_of_other_code_are_made_again_without_records_of_the_engine(project: Project) -> None:
    """An orphan that replaced a result, or results copied from another checkout: the engine knows of no change."""
    project.edit("src/learnability/studies/demo/walk/analyse.py", lambda text: text + "\n_UNUSED = 1\n")
    assert _status(project) == {}
    project.edit("src/learnability/studies/demo/walk/analyse.py", lambda text: text.replace("mean(", "max(", 1))
    shutil.rmtree(project.folder / ".snakemake")
    states = _status(project)
    assert states[f"{DEMO}/first/analysis.zarr.zip"] == "stale"
    assert states[f"{DEMO}/figures/means.svg"] == "stale"
    assert f"{DEMO}/third/analysis.zarr.zip" not in states
    done = project.launch()
    assert done.returncode == 0, done.stdout + done.stderr
    assert _status(project) == {}


def test_an_analysis_without_a_record_is_not_taken_for_one_of_todays_config(project: Project) -> None:
    """Targets and trainings are: their paths say of which setting and seeds they are."""
    project.edit("config/studies/demo.yaml", lambda text: text.replace("{dimension: [2, 3]}", "{dimension: [3]}"))
    for folder in ("results/laptop/manifest", ".snakemake"):
        shutil.rmtree(project.folder / folder)
    analysis = project.folder / DEMO / "first/analysis.zarr.zip"
    assert read(analysis).sizes["dimension"] == 2
    done = project.launch()
    assert done.returncode == 0, done.stdout + done.stderr
    assert read(analysis).sizes["dimension"] == 1
    assert "targets and trainings in results/laptop without a record: 7, taken as they are" in done.stderr
    assert f"{DEMO}/first/analysis.zarr.zip: unrecorded: the manifest does not say how it was made" in done.stderr
    assert "train/" not in done.stderr


def test_a_training_does_not_go_on_with_another_target(fresh: Project) -> None:
    process = _start_slow(fresh)
    _wait_for_checkpoint(fresh, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    fresh.edit(TARGETS, lambda text: text.replace("standard_normal(3)", "standard_normal(2)"))
    assert fresh.launch("--cores", "2").returncode == 0
    found = fresh.contents()
    shutil.rmtree(fresh.folder / "results/laptop")
    assert fresh.launch("--cores", "2").returncode == 0
    assert fresh.contents() == found


def test_a_job_does_not_record_code_that_it_did_not_run(finished: Project, fresh: Project) -> None:
    process = _start_slow(fresh)
    _wait_for_checkpoint(fresh, process)
    fresh.edit(TRAIN, lambda text: text.replace("np.cos", "np.sin"))
    said = "".join(map(str, process.communicate(timeout=120)))
    assert process.returncode != 0
    assert "the code changed since this run was planned" in said
    assert "run the same command again" in said
    assert not list(fresh.folder.glob(f"{DEMO}/[fs]*/train/*/*.zarr.zip"))  # of both experiments of this kind
    fresh.edit(TRAIN, lambda text: text.replace("np.sin", "np.cos"))
    done = fresh.launch("--cores", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert fresh.contents() == finished.contents()


def test_why_tells_the_chain_from_the_config_to_a_file(finished: Project) -> None:
    done = finished.call(sys.executable, "-m", "learnability.cli", "why", f"{DEMO}/figures/means.svg")
    assert done.returncode == 0, done.stderr
    for part in ("figures demo/means", "config/studies/demo.yaml, experiments.first", "setting", "seeds    0 to 2"):
        assert part in done.stdout
    refused = finished.call(sys.executable, "-m", "learnability.cli", "why", "Snakefile")
    assert refused.returncode == 2
    assert "is not an output of the workflow" in refused.stderr


def test_the_launcher_and_plain_snakemake_see_one_another(project: Project) -> None:
    """Two checkouts that share results; one trains, the other is refused and removes nothing of it."""
    other = Project(project.folder.with_name("other"))
    shutil.copytree(project.folder, other.folder, symlinks=True)
    shutil.rmtree(other.folder / "results")
    (other.folder / "results").symlink_to(project.folder / "results")
    for checkout in (project, other):
        checkout.edit("src/learnability/studies/demo/walk/train.py", lambda text: text.replace("np.cos", "np.sin"))
    process = _start_slow(project)
    _wait_for_checkpoint(project, process)
    for done in (other.launch(), other.snakemake()):
        assert done.returncode != 0
        assert "another run is at work here (process " in done.stdout + done.stderr
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)


def test_a_users_profile_and_variables_have_no_say(finished: Project, project: Project, tmp_path: Path) -> None:
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile/config.yaml").write_text("dry-run: true\nconfig: {scale: smoke}\n")
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow/numpy.py").write_text("raise SystemExit('the numpy of the user')\n")
    (project.folder / "matplotlibrc").write_text("axes.facecolor: red\nfont.size: 30\n")
    shutil.rmtree(project.folder / DEMO / "figures")
    done = project.call(
        sys.executable, "-m", "learnability.cli", "figures",
        SNAKEMAKE_PROFILE=str(tmp_path / "profile"), MPLBACKEND="nonsense", OMP_NUM_THREADS="x", LC_ALL="de_DE.UTF-8",
        PYTHONPATH=os.pathsep.join([str(project.folder / "src"), str(tmp_path / "shadow")]), PYTHONOPTIMIZE="2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.contents() == finished.contents()


def test_a_copied_checkout_does_not_run_the_source_of_the_original(finished: Project, project: Project) -> None:
    done = project.launch(PYTHONPATH=str(finished.folder / "src"))
    assert done.returncode == 2
    assert "remove .venv" in done.stderr
