"""What this study states of the empirical flow of h2, fitted on degree 2 alone."""

from learnability.results.claim import Analyses, AtLeast, Claim, Equals, Measurement, NotAtThisScale
from learnability.results.measuring import minus, share

_LINEAR, _SQUARE = "empirical_flow", "empirical_flow_square"
_LIMIT = 1000
"""Dimension that must be reached before a limit is spoken of: theory has 0.55 at d = 2048 and n = 32 d."""

_AGREEMENT = 0.15
_COIN = 0.1


def success(analyses: Analyses) -> Measurement:
    """Success at the largest n/d, pooled over the dimensions above the smallest."""
    data = analyses[_LINEAR].isel(dimension=slice(1, None), multiple=-1)
    seeds, wins = data.attrs["seeds"], data["success_count"].values
    shown = ", ".join(f"{w}/{seeds} at d = {d}" for w, d in zip(wins, data["dimension"].values, strict=True))
    return share(int(wins.sum()), seeds * len(wins), note=f"n = {float(data['multiple']):g} d: {shown}")


def success_beyond_the_sign(analyses: Analyses) -> Measurement:
    """Success minus the probability of a positive fit, pooled as in :func:`success`."""
    if int(analyses[_LINEAR]["dimension"][-1]) < _LIMIT:
        raise NotAtThisScale(f"a dimension of at least {_LIMIT}")
    data = analyses[_LINEAR].isel(dimension=slice(1, None), multiple=-1)
    found, signs = success(analyses), data["predicted_success"].values
    shown = ", ".join(f"{sign:.3f} at d = {d}" for sign, d in zip(signs, data["dimension"].values, strict=True))
    return minus(found, float(signs.mean()), f"{found.note}; probability of the sign {shown}")


def follows(analyses: Analyses) -> Measurement:
    """Share that follows at the largest n/d^2, pooled over the dimensions above the smallest, minus its limit."""
    data = analyses[_SQUARE].isel(dimension=slice(1, None), multiple=-1)
    seeds, counts = data.attrs["seeds"], data["followed_count"].values
    theory = float(data["predicted_followed"].mean())
    by_dimension = ", ".join(
        f"{c / seeds:.2f} at d = {d}" for c, d in zip(counts, data["dimension"].values, strict=True)
    )
    found = share(int(counts.sum()), seeds * len(counts))
    note = f"n = {float(data['multiple']):g} d^2: {by_dimension}; limit {theory:.3f}"
    return minus(found, theory, note)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="samples.h2.alone",
        source="this study",
        statement="With the degree 2 alone in the fit, the empirical flow of h2(z1) succeeds from at least half of the "
        "uniform starts on n ~ d samples.",
        measured="share of starts that end at a cosine of 0.8 or more, n = 32 d, pooled over the dimensions above the "
        "smallest",
        rule=AtLeast(0.5),
        measure=success,
        experiments=(_LINEAR,),
        expected="above 1/2, towards 1/2",
        evidence="statistical",
        seeds_needed=64,
        figure="samples",
    ),
    Claim(
        id="samples.h2.coin",
        source="this study",
        statement="With n = C d samples the sign of the link that is fitted at a uniform start decides where the flow "
        "of h2(z1) on degree 2 ends, so that its success is E Phi(sqrt(C/d) chi^2_1) and tends to 1/2, not to 1.",
        measured="share of starts that end at a cosine of 0.8 or more, n = 32 d, pooled over the dimensions above the "
        "smallest, minus the probability that the fit is positive at the start",
        rule=Equals(0.0, _COIN),
        measure=success_beyond_the_sign,
        experiments=(_LINEAR,),
        expected="0",
        evidence="statistical",
        window_seen=True,
        seeds_needed=64,
        figure="samples",
    ),
    Claim(
        id="samples.h2.follows",
        source="this study",
        statement="The empirical flow of h2(z1) on degree 2 follows the population flow up to the escape from n ~ d^2 "
        "samples: at n = C d^2 the ratio of the escape times has a limit law, log(1 + rho) / rho with rho = xi / "
        "(sqrt(C) chi^2_1).",
        measured="share of starts whose escape time is the population's within 25 %, n = 16 d^2, pooled over the "
        "dimensions above the smallest, minus the share under the limit law",
        rule=Equals(0.0, _AGREEMENT),
        measure=follows,
        experiments=(_SQUARE,),
        expected="0",
        evidence="statistical",
        window_seen=True,
        seeds_needed=64,
        figure="samples",
    ),
)
