"""Claims of the kind ``representation``: halfspaces and parities as ReLU networks."""

import numpy as np
import xarray as xr

from learnability.results.claim import AtMost, Claim, Equals
from learnability.results.measuring import exactly, over_draws

EXPERIMENT = ("representation",)


def _margin_excess(dataset: xr.Dataset) -> float:
    """How far a value lies on the wrong side of its margin. The outer one is attained where one halfspace alone fails,
    which not every draw has a point for."""
    sides = (1 - dataset["positive_margin_ratio"], dataset["negative_margin_ratio"] + 1)
    return max(float(side.max()) for side in sides)


def _norm_gap(dataset: xr.Dataset) -> float:
    return float(dataset["parity_path_norm_gap"].max() + dataset["parity_merged_gap"].max())


def _neuron_gap(dataset: xr.Dataset) -> float:
    dimension = dataset["parity_dimension"]
    hats, merged = dataset["parity_neurons"] - 3 * (dimension + 1), dataset["parity_merged_neurons"] - dimension - 1
    return float(np.abs(hats).max() + np.abs(merged).max())


CLAIMS = (
    Claim(
        id="step-identity",
        source="lecture, proof of Theorem 2",
        statement="1(z > 0) = ReLU(2z) - ReLU(2z-1) for |z| >= 1/2",
        measured="largest distance over half-integers z up to 100",
        rule=AtMost(0),
        measure=exactly("representation", lambda ds: ds["step_gap"]),
        experiments=EXPERIMENT,
        expected="0",
        evidence="exact",
    ),
    Claim(
        id="step-identity.printed",
        source="lecture, remark to Theorem 2",
        statement="1(t >= 0) = lim_a ReLU(at) - ReLU(at-1), for every t",
        measured="largest distance from the step at t = 0, over a up to 1000",
        rule=AtMost(0),
        measure=exactly("representation", lambda ds: np.abs(ds["step_at_zero"] - 1).max()),
        experiments=EXPERIMENT,
        expected="1: the limit at t = 0 is 0",
        evidence="exact",
        form="printed",
    ),
    Claim(
        id="halfspace-sign",
        source="lecture, proof of Theorem 2",
        statement="the sign of the network g of k halfspaces is their AND on the whole cube",
        measured="search: points of the cube with the wrong sign, all draws",
        rule=AtMost(0),
        measure=over_draws("representation", lambda ds: ds["mismatches"].sum()),
        experiments=EXPERIMENT,
        expected="0",
        evidence="existence",
        seeds_needed=5,
    ),
    Claim(
        id="halfspace-sign.sigmoid",
        source="lecture, remark to Theorem 2 (Livni et al. 2014)",
        statement=(
            "two-layer networks of k sigmoid neurons simulate the intersections of k halfspaces too: the sign of "
            "sum_i sigmoid(a c_i) - k + 1/3, a = 2 log(6k), is their AND on the whole cube"
        ),
        measured="search: points of the cube with the wrong sign, all draws",
        rule=AtMost(0),
        measure=over_draws("representation", lambda ds: ds["sigmoid_mismatches"].sum()),
        experiments=EXPERIMENT,
        expected="0",
        evidence="existence",
        seeds_needed=5,
    ),
    Claim(
        id="halfspace-sign.margins",
        source="lecture, proof of Theorem 2",
        statement=(
            "the network g of k halfspaces is at least 1/(6k) inside their intersection and at most -1/(3k) outside"
        ),
        measured="search: largest relative distance of a value on the wrong side of its margin; at most 0 without one",
        rule=AtMost(1e-9),
        measure=over_draws("representation", _margin_excess),
        experiments=EXPERIMENT,
        expected="0",
        evidence="existence",
        window_seen=True,
        seeds_needed=5,
    ),
    Claim(
        id="halfspace-path-norm.printed",
        source="lecture, proof of Theorem 2",
        statement=(
            "the path norm of the network g of k halfspaces is at most (1/2k)(k + 1/3 + sum(2(2|w| + |b| + 1/2) + 1))"
        ),
        measured="fraction of the draws whose exact path norm exceeds the bound",
        rule=AtMost(0),
        measure=over_draws("representation", lambda ds: ds["printed_violated"].mean()),
        experiments=EXPERIMENT,
        expected="1: violated every time",
        evidence="existence",
        form="printed",
        seeds_needed=5,
        figure="path_norms",
    ),
    Claim(
        id="halfspace-path-norm.corrected",
        source="lecture, proof of Theorem 2, corrected",
        statement=(
            "the path norm of the network g of k halfspaces is (1/2k)(k + 1/3 + sum(4(|w| + |b| + 1/2) + 1)) "
            "less (2/3)/(2k)"
        ),
        measured="2k times the slack of the corrected bound, smallest over the draws",
        rule=Equals(2 / 3, 1e-9),
        measure=over_draws("representation", lambda ds: ds["scaled_slack"].min()),
        experiments=EXPERIMENT,
        expected="2/3",
        evidence="existence",
        form="corrected",
        seeds_needed=5,
        figure="path_norms",
    ),
    Claim(
        id="parity-network",
        source="lecture, equations (3)-(4)",
        statement="(-1)^{v.x} is a two-layer ReLU network",
        measured="largest error on the whole cube and, for d up to 1000, over all values of v.x",
        rule=AtMost(0),
        measure=exactly("representation", lambda ds: max(ds["parity_error"].max(), ds["reduced_error"].max())),
        experiments=EXPERIMENT,
        expected="0",
        evidence="exact",
    ),
    Claim(
        id="parity-network.neurons",
        source="lecture, equations (3)-(4)",
        statement="the ReLU network of the parity (-1)^{v.x} has 3(d+1) neurons, and k+1 with neighbouring hats merged",
        measured="largest difference from these numbers",
        rule=AtMost(0),
        measure=exactly("representation", _neuron_gap),
        experiments=EXPERIMENT,
        expected="0",
        evidence="exact",
    ),
    Claim(
        id="parity-network.path-norm",
        source="lecture, below equation (4)",
        statement=(
            "the path norm of the ReLU network of the parity (-1)^{v.x} is 8(d+1)k + 4d(d+1) + 2, "
            "and 6k^2 + 1 with neighbouring hats merged: both O(d^2)"
        ),
        measured="largest distance from the formulas",
        rule=AtMost(0),
        measure=exactly("representation", _norm_gap),
        experiments=EXPERIMENT,
        expected="0",
        evidence="exact",
        figure="path_norms",
    ),
    Claim(
        id="crypto.theorem-1",
        source="lecture, Theorem 1",
        statement="intersections of k >= d^rho halfspaces are not efficiently learnable",
        measured="-",
        evidence="existence",
        reason="it rests on a cryptographic assumption; the reduction to networks is tested by halfspace-sign",
    ),
    Claim(
        id="crypto.theorem-2",
        source="lecture, Theorem 2 (Livni et al. 2014)",
        statement="functions of polynomial Barron norm are not efficiently learnable",
        measured="-",
        evidence="existence",
        reason=(
            "it rests on Theorem 1; that networks of polynomial path norm hold the class is tested by halfspace-sign"
        ),
    ),
)
