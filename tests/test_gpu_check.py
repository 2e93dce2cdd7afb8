"""``make gpu-check`` with the CPU in the place of the GPU: it tells agreement from difference, and resumes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmarks import gpu_check, gpu_speed

ROOT = Path(__file__).parents[1]
QUICK = "multi_index/escape_planted"


def _dataset(numbers: np.ndarray, status: int = 0) -> xr.Dataset:
    return xr.Dataset({"loss": (("time", "seed"), numbers), "status": ((), status)})


def test_the_same_numbers_agree_and_others_do_not() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((3, 200))
    assert gpu_check.compare(_dataset(numbers * (1 + 1e-6)), _dataset(numbers), 1e-5).good
    law = gpu_check.compare(_dataset(rng.standard_normal((3, 200))), _dataset(numbers), 1e-5)
    assert law.good
    assert "1 variables of one law" in law.words
    shifted = gpu_check.compare(_dataset(rng.standard_normal((3, 200)) + 1), _dataset(numbers), 1e-5)
    assert not shifted.good
    assert "another law" in shifted.words
    lost = np.where(np.arange(200) < 80, np.nan, rng.standard_normal((3, 200)))
    assert not gpu_check.compare(_dataset(lost), _dataset(numbers), 1e-5).good, "runs that end early count"
    assert not gpu_check.compare(_dataset(numbers, status=1), _dataset(numbers), 1e-5).good, "no seeds: numbers alone"
    assert not gpu_check.compare(_dataset(numbers[:2]), _dataset(numbers), 1e-5).good
    assert gpu_check.compare(_dataset(1e-15 * numbers**2), _dataset(1e-13 * numbers), 1e-5).good, "rounding"
    assert not gpu_check.compare(_dataset(1e-9 * numbers**2), _dataset(1e-9 * numbers), 1e-5).good


def test_false_alarms_are_as_rare_as_they_are_said_to_be() -> None:
    """400 pairs of one law at the level 5%: at most 8.5% of alarms, which a fair test exceeds with probability 1e-3."""
    rng = np.random.default_rng(1)
    pairs = rng.standard_normal((400, 2, 6, 40))
    alarms = [not gpu_check.compare(_dataset(a), _dataset(b), 0.05).good for a, b in pairs]
    assert np.mean(alarms) <= 0.085


def test_every_experiment_that_can_use_a_gpu_is_checked() -> None:
    names = list(gpu_check.experiments())
    assert len(names) == len(set(names)) > 30
    assert {name.split("/")[0] for name in names} == {path.stem for path in gpu_check.STUDIES.iterdir()} - {"atlas"}


@pytest.mark.slow
def test_a_stopped_training_goes_on_to_the_same_bytes() -> None:
    assert gpu_check.resumed(QUICK, "cpu", 4) == "same bytes"


@pytest.mark.slow
def test_it_runs_without_the_workflow_engine_and_the_store() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(['zarr', 'snakemake', 'rich', 'jinja2', 'matplotlib']));"
    code += f"from benchmarks import gpu_check; print(gpu_check.train({QUICK!r}, 'cpu', 2)[0].sizes['seed'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_time_of_a_training_is_expected_from_its_first_seconds() -> None:
    """One that ends sooner takes what it took; one that reports nothing in time is given up."""
    found = gpu_speed.expected_seconds(QUICK, "smoke", "cpu", 60.0)
    assert found is not None
    assert 0 < found < 60
    assert gpu_speed.expected_seconds("subspace_polynomials/finite_dimension", "paper", "cpu", 1e-3) is None


def test_a_path_that_fails_or_is_late_is_told_from_one_that_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert gpu_check.check([QUICK], "no such device", 2, 60.0) == {gpu_check.Found.BAD: 1}
    assert "FAILS: RuntimeError" in capsys.readouterr().out
    assert gpu_check.check([QUICK], "cpu", 2, 0.0) == {gpu_check.Found.NOT_REACHED: 1}
    assert "not reached: the time is up" in capsys.readouterr().out
    assert set(gpu_check.LONGEST) <= set(gpu_check.experiments())


def test_an_experiment_that_can_use_no_gpu_is_refused_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu_check.main(["--device", "cpu", "--experiments", f"{QUICK},multi_index/escape_plnted"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.endswith("multi_index/escape_plnted is no experiment that can use a GPU; did you mean " + QUICK + "?")


def test_the_table_keeps_other_scales_of_the_same_card(tmp_path: Path) -> None:
    table = tmp_path / "devices.json"
    stored = {"measured_on": "A", "seconds": {"smoke": {}}, gpu_speed.FROM_COSTS: {"paper": ["a/b"], "smoke": ["a/c"]}}
    table.write_text(json.dumps(stored))
    gpu_speed.write("A", {"paper": {"a/b": {"cuda": 1.0, "cpu": 2.0}}}, table)
    gpu_speed.write("A", {"laptop": {"a/b": {"cuda": 3.0}}}, table)
    assert set(json.loads(table.read_text())["seconds"]) == {"laptop", "paper", "smoke"}
    assert json.loads(table.read_text())[gpu_speed.FROM_COSTS] == {"smoke": ["a/c"]}, (
        "what is measured is not estimated"
    )
    gpu_speed.write("B", {"laptop": {}}, table)
    assert json.loads(table.read_text()) == {"measured_on": "B", "seconds": {"laptop": {}}, gpu_speed.FROM_COSTS: {}}


def test_the_table_in_use_names_experiments_that_can_use_a_gpu() -> None:
    known, table = set(gpu_check.experiments()), json.loads((ROOT / "workflow/devices.json").read_text())
    for scale in ("laptop", "paper"):
        measured = table["seconds"][scale]
        assert set(measured) <= known
        assert all(seconds > 0 for times in measured.values() for seconds in times.values())
    assert set(table.get("from_reference_costs", {})) <= {"laptop", "paper"}
