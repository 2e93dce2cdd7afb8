"""Claims of the kind ``initialization_noise``: the predicted steps from a noisy Rademacher start."""

from learnability.results.claim import Analyses, AtLeast, Between, Claim, Measurement, NotAtThisScale
from learnability.results.labelled import bounds_of
from learnability.results.measuring import Measure, entry, measured, seeds_of

EXPERIMENT = ("rademacher_threshold",)


def _rate_change(noise_level: float, over: float, what: str) -> Measure:
    """log(factor)/d at the largest d over that at the smallest; the note has it at each d, over ``over``."""

    def measure(analyses: Analyses) -> Measurement:
        dataset = entry(analyses["rademacher_threshold"], "noise_level", noise_level, f"sigma = {noise_level:g}")
        if dataset.sizes["dimension"] < 3:
            raise NotAtThisScale("three dimensions")
        rates = zip(bounds_of(dataset["rate"])[0].values / over, dataset["dimension"].values, strict=True)
        note = f"{what}: " + ", ".join(f"{rate:.3g} at d = {d}" for rate, d in rates)
        return measured(dataset["rate_change"], seeds_of(dataset), note)

    return measure


CLAIMS = (
    Claim(
        id="rademacher-threshold",
        source="this study, after Abbe et al. 2025 (ICLR), high-degree parities",
        statement=(
            "what a Rademacher first layer saves grows as e^{cd} over d = 8 to 14: the log of the predicted steps of "
            "the full parity with noise of the size of the signs, over those without, is proportional to d"
        ),
        measured=(
            "log of predicted steps at sigma = 1 over those at sigma = 0, over d: that at the largest d over that at "
            "the smallest; no training"
        ),
        rule=AtLeast(0.9),
        measure=_rate_change(1.0, 1.0, "log(factor)/d"),
        experiments=EXPERIMENT,
        expected="1.03: 0.55 at d = 8, 0.57 at d = 14",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="initialization_noise",
    ),
    Claim(
        id="rademacher-threshold.inverse-root",
        source="this study, after Abbe et al. 2025 (ICLR), high-degree parities",
        statement=(
            "noise sigma in a Rademacher first layer raises the predicted steps of the full parity by a factor of "
            "about e^{2.2 d sigma^2}, and is harmless up to the order of 1/sqrt(d): at a fixed sigma the log of the "
            "factor is proportional to d"
        ),
        measured=(
            "log of predicted steps at sigma = 0.1 over those without noise, over d: that at the largest d over that "
            "at the smallest; a scale of 1/d would have the quotient of the two d; no training"
        ),
        rule=Between(0.8, 1.25),
        measure=_rate_change(0.1, 0.01, "log(factor)/(d sigma^2) at sigma = 0.1"),
        experiments=EXPERIMENT,
        expected="1.05, where a scale of 1/d has 1.75",
        evidence="statistical",
        window_seen=True,
        seeds_needed=5,
        figure="initialization_noise",
    ),
)
