"""Macros for a paper: numbers as LaTeX sets them, every claim by its id."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from learnability.report.latex import escaped, export, macros, numeral


def _row(**more: Any) -> dict[str, Any]:
    row = {"id": "multi_index/escape-joint.s3", "estimate": 2.00012345, "interval": [1.9997, 2.0003], "seeds": 64}
    return {**row, "verdict": "supported", "rule": "equal to 2 within 5%", **more}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.2e-05", r"1.2 \times 10^{-5}"),
        ("3e+17", r"3 \times 10^{17}"),
        ("[-1.5e-10, 2]", r"[-1.5 \times 10^{-10}, 2]"),
    ],
)
def test_powers_of_ten(text: str, shown: str) -> None:
    assert numeral(text) == shown


def test_signs_that_latex_reads_are_escaped() -> None:
    assert escaped("50% of h_3 & {x}") == r"50\% of h\_3 \& \{x\}"


def test_every_fact_of_a_claim_has_its_macro() -> None:
    text = macros("laptop", [_row()])
    name = "multi_index/escape-joint.s3"
    assert rf"\csname claim@value@{name}\endcsname{{\ensuremath{{2}}}}" in text
    assert rf"\csname claim@interval@{name}\endcsname{{\ensuremath{{[2, 2]}}}}" in text
    assert rf"\csname claim@rule@{name}\endcsname{{equal to 2 within 5\%}}" in text
    assert rf"\csname claim@seeds@{name}\endcsname{{64}}" in text


def test_a_claim_without_a_measurement_has_empty_numbers() -> None:
    text = macros("laptop", [_row(estimate=None, interval=None, seeds=None, verdict="not tested", rule="")])
    assert r"claim@value@multi_index/escape-joint.s3\endcsname{}" in text
    assert r"claim@verdict@multi_index/escape-joint.s3\endcsname{not tested}" in text


def test_figures_are_copied_with_the_name_of_their_study(tmp_path: Path) -> None:
    figure = tmp_path / "laptop/multi_index/figures/escape_times.pdf"
    figure.parent.mkdir(parents=True)
    figure.write_bytes(b"%PDF")
    folder = export(tmp_path / "laptop", [_row()], [figure])
    assert (folder / "multi_index-escape_times.pdf").read_bytes() == b"%PDF"
    assert (folder / "claims.tex").is_file()


def test_the_file_of_macros_is_plain_and_balanced() -> None:
    """What any TeX reads without a package: ASCII, every brace closed on its line, no sign that means something."""
    rows = [_row(rule="at most 5% & more than 1_000 # of {x} ~ $y$ ^2 \\ <3>"), _row(id="s/e", estimate=-1.5e-12)]
    text = macros("laptop", rows)
    assert text.isascii()
    for line in text.splitlines():
        if line.startswith(r"\expandafter"):
            bare = re.sub(r"\\[^a-zA-Z]", "", line)
            assert bare.count("{") == bare.count("}")
            assert not re.search(r"[&#%~$]", bare), line


def _typeset(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "claims.tex").write_text(macros("laptop", [_row(), _row(id="s/e_2.x-y", estimate=-1.5e-12)]))
    (folder / "paper.tex").write_text(
        rf"\documentclass{{article}}\input{{claims}}\begin{{document}}{text}\end{{document}}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_reads_the_macros_and_stops_at_an_unknown_claim(tmp_path: Path) -> None:
    kinds = ("value", "interval", "verdict", "rule", "seeds")
    names = ("multi_index/escape-joint.s3", "s/e_2.x-y")
    done = _typeset(tmp_path, " ".join(rf"\claim{kind}{{{name}}}" for kind in kinds for name in names))
    assert done.returncode == 0, done.stdout
    done = _typeset(tmp_path, r"\claimvalue{no_such/claim}")
    assert done.returncode != 0
    assert "There is no claim no_such/claim" in done.stdout
