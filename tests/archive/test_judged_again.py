"""Verdicts of an archive that cannot be judged again, by the code that judged them, are no verdicts."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from learnability.archive.judge import judged_again
from learnability.pipeline import kinds

CLAIMS, ANALYSIS = "results/laptop/atlas/claims.json", "results/laptop/atlas/exponents/analysis.zarr.zip"
NAMED = ["exponents"]


def _archive(folder: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return folder / "a.zip"


def _content(code: str) -> dict[str, Any]:
    job = {"rule": "claims", "study": "atlas", "parameters": {"kinds": NAMED}, "code": code}
    return {"studies": ["atlas"], "jobs": [{**job, "inputs": {ANALYSIS: None}, "outputs": {CLAIMS: None}}]}


@pytest.mark.parametrize("members", [{CLAIMS: b"[]"}, {CLAIMS: b"[]", ANALYSIS: b"no zip file"}])
@pytest.mark.parametrize("same", [True, False])
def test_what_makes_the_judge_fail_is_no_way_around_it(members: dict[str, bytes], same: bool, tmp_path: Path) -> None:
    code = kinds.claims_code("atlas", tuple(NAMED)) if same else "another"
    (judgement,) = judged_again(_archive(tmp_path, **members), _content(code))
    assert judgement.problem
    assert judgement.forged == same
    assert "could not be judged again" in judgement.render()[0]


def test_a_study_that_no_job_judged_is_told(tmp_path: Path) -> None:
    (judgement,) = judged_again(
        _archive(tmp_path, **{CLAIMS: json.dumps([]).encode()}), {"studies": ["atlas"], "jobs": []}
    )
    assert judgement.forged
