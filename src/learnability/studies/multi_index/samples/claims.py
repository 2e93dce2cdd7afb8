"""What the paper states of finite samples."""

from functools import partial

from learnability.results.claim import Analyses, Claim, Equals, Measurement
from learnability.results.labelled import bounds_of
from learnability.results.measuring import entry, seeds_of
from learnability.studies.multi_index.theory import PAPER


def exponent(analyses: Analyses, link: str) -> Measurement:
    """The exponent of n50 by small steps, with an interval that covers both estimators: their disagreement is part of
    the doubt."""
    slopes = entry(analyses["samples"], "link", link)["slope"].sel({"method": "small_steps"})
    estimate, low, high = bounds_of(slopes)
    note = ", ".join(f"{name} {float(estimate.sel(estimator=name)):.2f}" for name in ("logistic", "crossing"))
    seeds = seeds_of(analyses["samples"])
    return Measurement(
        float(estimate.mean(skipna=False)), float(low.values.min()), float(high.values.max()), seeds, note
    )


CLAIMS: tuple[Claim, ...] = tuple(
    Claim(
        id=f"samples.h{s}.{suffix}",
        source=f"{PAPER}, section 5",
        statement=f"Empirical two-timescale descent learns {link} from n ~ d^{power} samples.",
        measured="slope of log n50 against log d, plain small steps; interval covers both estimators",
        rule=Equals(float(power), 0.25),
        measure=partial(exponent, link=link),
        experiments=("samples",),
        expected=f"{power}",
        seeds_needed=32,
        figure="samples",
    )
    for s, link in ((2, "h2(z1)"), (3, "h3(z1)"))
    for suffix, power in (("s-1", s - 1), ("s", s))
)
