"""`learnability robustness` on the demo: a run with another root seed in a folder of its own, and the page."""

import json
import sys

import pytest

from .conftest import Project

pytestmark = pytest.mark.workflow


def test_another_root_seed_is_run_beside_the_results_and_compared(project: Project) -> None:
    assert all(claim["refuted_by"] for claim in project.claims() if claim["estimate"] is not None)
    before = project.contents()
    done = project.call(sys.executable, "-m", "learnability.cli", "robustness", "--root-seed", "7", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert "docs/robustness.md: 3 claims, 0 not decided" in done.stdout
    assert project.contents() == before
    found = json.loads((project.folder / "docs/robustness.json").read_text())
    assert [(other["label"], other["claims"]) for other in found["others"]] == [("root seed 7", 3)]
    there = project.folder / ".cache/robustness/root-seed-7/results/laptop"
    assert (there / "claims.json").read_bytes() != (project.folder / "results/laptop/claims.json").read_bytes()
    assert "root_seed: 7" in (there.parents[1] / "config/config.yaml").read_text()
    assert [row["id"] for row in found["alarms"]] == ["demo/positive"]
