"""Claims of the kind ``initialization_noise``: the predicted steps from a noisy Rademacher start."""

from learnability.results.claim import Analyses, AtMost, Between, Claim, Measurement, NotAtThisScale
from learnability.results.measuring import entry, measured, quotient, seeds_of

EXPERIMENT = ("rademacher_threshold",)


def _rise(analyses: Analyses) -> Measurement:
    """Decades at d = 14."""
    dataset = analyses["rademacher_threshold"]
    return measured(entry(dataset, "dimension", 14, "d = 14")["rise"], seeds_of(dataset))


def _rise_at_inverse_dimension(analyses: Analyses) -> Measurement:
    """Predicted steps at the largest noise of at most 1/d over those without noise."""
    dataset = analyses["rademacher_threshold"].isel(dimension=-1)
    levels = dataset["noise_level"].values
    level = levels[levels <= 1 / float(dataset["dimension"]) + 1e-12].max()
    if level == 0:
        raise NotAtThisScale("a noise level between 0 and 1/d")
    steps = dataset["predicted_steps"]
    noisy, clean = (measured(steps.sel(noise_level=one), seeds_of(dataset)) for one in (level, 0.0))
    return quotient(noisy, clean, f"sigma = {level:g}")


CLAIMS = (
    Claim(
        id="rademacher-threshold",
        source="this study, after Abbe et al. 2025 (ICLR), high-degree parities",
        statement=(
            "the predicted steps rise by 3 to 4 decades as the first layer goes from Rademacher to "
            "noise of the size of the signs"
        ),
        measured="log10 of predicted steps at sigma = 1 over those at sigma = 0, d = 14",
        rule=Between(3, 4),
        measure=_rise,
        experiments=EXPERIMENT,
        expected="3.3",
        evidence="statistical",
        unit="decade",
        seeds_needed=5,
        figure="initialization_noise",
    ),
    Claim(
        id="rademacher-threshold.inverse-dimension",
        source="Abbe et al. 2025 (ICLR), high-degree parities",
        statement="noise of up to 1/d leaves the full parity learnable from a Rademacher start",
        measured="predicted steps at the largest noise of at most 1/d over those without, largest d",
        rule=AtMost(2),
        measure=_rise_at_inverse_dimension,
        experiments=EXPERIMENT,
        expected="about 1.1",
        evidence="statistical",
        seeds_needed=5,
        figure="initialization_noise",
    ),
)
