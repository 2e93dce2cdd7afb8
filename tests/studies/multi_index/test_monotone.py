"""The sign of the singular values' derivative."""

import numpy as np

from learnability.hermite.target_language import parse
from learnability.hermite.tensors import symmetric_tensors
from learnability.results.claim import judge
from learnability.studies.multi_index.monotone.claims import CLAIMS, ROUNDING, order_of_falls, own_falls
from learnability.studies.multi_index.monotone.train import pulls
from tests.studies.multi_index.runs import analyse, run_of


def test_pulls_are_the_derivative_of_the_eigenvalues() -> None:
    """Against a difference quotient of the eigenvalues of G along ``dG = (I - G) S G + G S (I - G)``."""
    tensors = symmetric_tensors(parse("0.7*h2(z1) - 0.4*h1(z1)*h1(z2) + 0.9*h3(z1) + 0.3*h2(z1)*h1(z2)"))
    gram = np.array([[0.3, 0.1], [0.1, 0.6]])
    slope = sum(
        k * np.einsum("ia,ab,jb->ij", t, gram, t) if k == 2 else k * np.einsum("iac,ab,cd,jbd->ij", t, gram, gram, t)
        for k, t in tensors.items()
    )
    pulled = (np.eye(2) - gram) @ slope @ gram
    change, h = pulled + pulled.T, 1e-6
    mu = np.linalg.eigvalsh(gram)
    rates = (np.linalg.eigvalsh(gram + h * change) - np.linalg.eigvalsh(gram - h * change)) / (2 * h)
    found = pulls(tensors, gram[None])[0] * np.linalg.norm(slope)
    np.testing.assert_allclose(2 * mu * (1 - mu) * found, rates, rtol=1e-7)


def test_a_negative_slope_is_seen() -> None:
    """S of a loss with a negative part, as the planted flow has it: the sign of one tensor turned."""
    tensors = symmetric_tensors(parse("h2(z1) - h2(z2)"))
    assert pulls(tensors, np.diag([0.3, 0.2])[None]).min() >= -ROUNDING
    assert pulls({2: 1j * tensors[2]}, np.diag([0.3, 0.2])[None].astype(complex)).real.min() < -0.1


def test_falls_vanish_with_the_tolerance_and_the_sign_is_right() -> None:
    """Falls shrink with the tolerance, by more than three a decade; those of simpler links are rounding throughout."""
    analysis = analyse("monotone", run_of("monotone", 12, target={"links": ["h2(z1) + h3(z2) + h1(z1)*h2(z2)"]}))
    assert float(analysis["least_pull"].min()) >= -ROUNDING
    found = order_of_falls({"monotone": analysis})
    assert 0.5 < found.low <= found.estimate <= found.high < 1.5
    rule = CLAIMS[0].rule
    assert rule is not None
    assert judge(rule, found)[0] == "supported"
    assert judge(rule, order_of_falls(own_falls({"monotone": analysis})))[0] == "contradicted"
    falls = analysis["largest_fall"].max("link").values
    assert falls[0] > 1e-5
    assert (falls[1:] < falls[:-1] / 3).all()
