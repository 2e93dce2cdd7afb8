"""The table of jobs refuses what no command line can hold."""

from pathlib import Path

import pytest

from learnability.pipeline.job_table import JobTable
from learnability.results.errors import UserError

STUDY = """
study: atlas
experiments:
  long:
    kind: diagnosis
    settings:
      target: {text: "%s"}
    sweep:
      target.label_noise: [%s]
    scales:
      smoke: {seeds: 1, seed_batch: 1}
"""


def _table(folder: Path, settings: int) -> JobTable:
    (folder / "studies").mkdir()
    (folder / "config.yaml").write_text("root_seed: 1\nscale: smoke\nstudies: [atlas]\n")
    text = " + ".join(["h2(z1)"] * 220)
    (folder / "studies/atlas.yaml").write_text(STUDY % (text, ", ".join(f"{i}.5" for i in range(settings))))
    return JobTable(folder)


def test_an_analysis_of_few_files_and_long_settings_is_refused(tmp_path: Path) -> None:
    """All settings stand in the command of their analysis, which no system takes beyond 131,072 bytes."""
    with pytest.raises(UserError, match=r"experiments.long \(smoke\)(.|\n)*at most 120000 bytes"):
        _table(tmp_path, 150)


def test_an_analysis_whose_command_fits_is_planned(tmp_path: Path) -> None:
    table = _table(tmp_path, 40)
    assert len(table.train_paths("atlas", "long", "smoke")) == 40


def test_a_study_is_no_question(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="atlas is a study, and no question"):
        _table(tmp_path, 2).train_paths("atlas", "long", "questions")
