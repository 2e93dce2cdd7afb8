"""What the theory predicts without a run."""

from scipy.special import betaincinv

PAPER = "Bietti, Bruna, Pillaud-Vivien, arXiv 2310.19793"


def joint_exponent(leap: int) -> float:
    """Escape time of the joint flow ~ d^(s - 1), log d for s = 1: Theorem 3.25."""
    return leap - 1.0


def planted_exponent(leap: int) -> float:
    """Escape time of the planted flow ~ d^(s/2 - 1), log d for s = 2: Theorem 4.1."""
    return leap / 2 - 1.0


def start_quantile(dimension: int, probability: float) -> float:
    """Quantile of lambda^2 = cos^2 of the angle between two uniform directions of R^d: Beta(1/2, (d - 1)/2)."""
    return float(betaincinv(0.5, (dimension - 1) / 2, probability))


def log_rate(flow: str, exponents: list[int]) -> float:
    """d(time)/d(log d) where all exponents so far are of the logarithmic kind: 1/2 a saddle (joint), 1/4 (planted,
    s=2)."""
    return 0.5 * len(exponents) if flow == "joint" else 0.25
