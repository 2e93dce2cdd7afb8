"""Macros for a paper: numbers as LaTeX sets them, every claim by its id."""

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
    folder = export(tmp_path / "laptop", [_row()])
    assert (folder / "multi_index-escape_times.pdf").read_bytes() == b"%PDF"
    assert (folder / "claims.tex").is_file()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX on this machine")
def test_latex_reads_the_macros(tmp_path: Path) -> None:
    (tmp_path / "claims.tex").write_text(macros("laptop", [_row()]))
    document = (
        r"\documentclass{article}\input{claims}\begin{document}\claimvalue{multi_index/escape-joint.s3}\end{document}"
    )
    (tmp_path / "paper.tex").write_text(document)
    subprocess.run(["pdflatex", "-interaction=nonstopmode", "paper.tex"], cwd=tmp_path, check=True, capture_output=True)
