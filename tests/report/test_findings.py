"""A figure's finding becomes a label of the report: plain text, nothing that could be taken for a placeholder."""

import pytest

from learnability.report.wording import finding, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"growth as $d^{3.00}$, not $d^2$", "growth as d^3.00, not d^2"),
        (r"with $T=1/(\eta\lambda_v)$ (dashed)", "with T=1/(ηλ_v) (dashed)"),
        (r"falls as $e^{-2.687\,d}$", "falls as e^-2.687 d"),
        (r"$\mathrm{Var} \leq 1$", "Var ≤ 1"),
        ("no mathematics at all", "no mathematics at all"),
    ],
)
def test_mathematics_becomes_plain_text(text: str, expected: str) -> None:
    assert plain(text) == expected
    assert finding(f"<dc:title>{text}</dc:title>") == expected
