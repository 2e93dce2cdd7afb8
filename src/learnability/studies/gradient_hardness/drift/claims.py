"""Claims of the kind ``drift``: Theorem 6 and Corollary 7."""

import numpy as np

from learnability.results.claim import AtMost, Claim
from learnability.results.measuring import estimated, exactly, largest

EXPERIMENT = ("drift",)

# The corrected bound is attained, so rounding may lift a ratio above one.
ROUNDING = 1e-9

CLAIMS = (
    Claim(
        id="drift.printed",
        source="lecture, Theorem 6, equation (17)",
        statement="E_f|theta_t - theta_0|^2 <= C_1 (e^{C_2 t 2^{-d/2}} - 1), the constants independent of d",
        measured="growth per dimension of log2 of the C_1 that the lifted model needs (C_2 = 1, G_0 = L = 1)",
        rule=AtMost(0.05),
        measure=exactly("drift", lambda ds: ds["lifted_constant_growth"]),
        experiments=EXPERIMENT,
        expected="1/2",
        form="printed",
        figure="drift",
    ),
    Claim(
        id="drift.printed.constants",
        source="lecture, end of the proof of Theorem 6",
        statement="the root mean square drift is at most sqrt(G_0/2L)(exp(2^{2-d/2} sqrt(L) t) - 1)",
        measured="drift of the lifted model over this bound, largest over d",
        rule=AtMost(1),
        measure=exactly("drift", lambda ds: ds["lifted_printed_ratio"].max()),
        experiments=EXPERIMENT,
        expected="grows as 2^{d/2}/d",
        form="printed",
        figure="drift",
    ),
    Claim(
        id="drift.lifted-model",
        source="counter-example to Theorem 6",
        statement="the lifted model has |h| <= 1 and reaches a drift of 1/2 at t = ln(2^{d/2-1} + 1)",
        measured="distance of the simulated time (all 2^d parameters, full parity) from it; infinite if |h| exceeds 1",
        rule=AtMost(1e-3),
        measure=exactly(
            "drift", lambda ds: ds["lifted_time_gap"].max() if float(ds["lifted_supremum"].max()) <= 1 else np.inf
        ),
        experiments=EXPERIMENT,
        expected="0",
        unit="flow time",
        form="corrected",
        figure="drift",
    ),
    Claim(
        id="drift.printed.sine",
        source="lecture, end of the proof of Theorem 6",
        statement=(
            "the root mean square drift of a sine neuron with weights N(0, 1/d) is at most "
            "sqrt(G_0/2L)(exp(2^{2-d/2} sqrt(L) t) - 1)"
        ),
        measured="drift over the bound, largest over d and time",
        rule=AtMost(1),
        measure=estimated("drift", "small_printed_ratio", lambda ratio: ratio.max()),
        experiments=EXPERIMENT,
        expected="above 1 from d of about 200 on",
        form="printed",
        seeds_needed=5,
        figure="drift",
    ),
    Claim(
        id="drift.corollary.printed",
        source="lecture, Corollary 7",
        statement="for polynomial times some f has a drift of at most C poly(d) 2^{-d}",
        measured="growth per dimension of log2 of the drift over 2^-d in the lifted model, every f, t = 0.35 d",
        rule=AtMost(0.05),
        measure=exactly("drift", lambda ds: ds["lifted_corollary_growth"]),
        experiments=EXPERIMENT,
        expected="1",
        form="printed",
        figure="drift",
    ),
    Claim(
        id="drift.corollary.exponent",
        source="lecture, Corollary 7, with the exponent that its Theorem 6 would give",
        statement="for polynomial times some f has a drift of at most C poly(d) 2^{-d/2}",
        measured="growth per dimension of log2 of the drift over 2^{-d/2} in the lifted model, every f, t = 0.35 d",
        rule=AtMost(0.05),
        measure=exactly("drift", lambda ds: ds["lifted_corollary_growth"] - 0.5),
        experiments=EXPERIMENT,
        expected="1/2: false in this form too",
        form="printed",
        figure="drift",
    ),
    Claim(
        id="drift.corrected",
        source="Theorem 6, corrected",
        statement="the root mean square drift is at most 2^{-d/2} sqrt(G_0/L)(e^{sqrt(L) t} - 1)",
        measured="drift over this bound, largest over both models, d and time",
        rule=AtMost(1 + ROUNDING),
        measure=largest(
            estimated("drift", "corrected_ratio", lambda ratio: ratio.max()),
            estimated("drift", "small_corrected_ratio", lambda ratio: ratio.max()),
            exactly("drift", lambda ds: ds["lifted_corrected_ratio"].max()),
        ),
        experiments=EXPERIMENT,
        expected="1",
        form="corrected",
        seeds_needed=5,
        figure="drift",
    ),
    Claim(
        id="drift.corrected.attained",
        source="Theorem 6, corrected",
        statement="the drift of the lifted model attains the corrected bound 2^{-d/2} sqrt(G_0/L)(e^{sqrt(L) t} - 1)",
        measured="largest distance of the ratio from one",
        rule=AtMost(ROUNDING),
        measure=exactly("drift", lambda ds: np.abs(ds["lifted_corrected_ratio"] - 1).max()),
        experiments=EXPERIMENT,
        expected="0",
        form="corrected",
        figure="drift",
    ),
    Claim(
        id="drift.analytic",
        source="replacement of Theorem 6 for analytic models in polynomial time",
        statement="E min(|theta_t - theta_0|, r)^2 <= t^2 M(r)^2 2^{-d}",
        measured=(
            "root of the left side over that of the right, sine neurons, r = 1/sqrt(d+1), largest over d and time"
        ),
        rule=AtMost(1),
        measure=largest(
            estimated("drift", "analytic_ratio", lambda ratio: ratio.max()),
            estimated("drift", "small_analytic_ratio", lambda ratio: ratio.max()),
        ),
        experiments=EXPERIMENT,
        expected="below 1",
        form="corrected",
        seeds_needed=5,
        figure="drift",
    ),
)
