"""Intersections of halfspaces and parities as two-layer ReLU networks, with their path norms, by exhaustive
enumeration."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ReluNetwork:
    """``g(x) = sum_j readout_j relu(weights_j . x + biases_j)``; weights (m, d)."""

    weights: np.ndarray
    biases: np.ndarray
    readout: np.ndarray

    def path_norm(self) -> float:
        """``sum_j |a_j| (|w_j|_1 + |b_j|)``."""
        return float(np.abs(self.readout) @ (np.abs(self.weights).sum(1) + np.abs(self.biases)))

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Values at the rows of ``inputs`` (n, d), shape (n,)."""
        total = np.zeros(inputs.shape[0])
        # Neuron by neuron: at d = 16 the matrix of activations of all neurons would take 27 MB, this takes
        # 0.5.
        for weight, bias, coefficient in zip(self.weights, self.biases, self.readout, strict=True):
            total += coefficient * np.maximum(inputs @ weight + bias, 0)
        return total


def cube(dimension: int) -> np.ndarray:
    """All points of {0, 1}^d as floats, (2^d, d); bit i of the index is coordinate i."""
    return ((np.arange(1 << dimension)[:, None] >> np.arange(dimension)) & 1).astype(float)


def step_from_relus(values: np.ndarray, steepness: float = 2.0) -> np.ndarray:
    """``ReLU(a t) - ReLU(a t - 1)``, which the lecture takes for the step 1(t >= 0) as a grows."""
    return np.maximum(steepness * values, 0) - np.maximum(steepness * values - 1, 0)


# Halfspaces ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Halfspaces:
    """``1(w_i.x - b_i - 1/2 >= 0)`` with natural w_i (k, d) and b_i (k,), on {-1, 1}^d."""

    weights: np.ndarray
    offsets: np.ndarray

    def margins(self, inputs: np.ndarray) -> np.ndarray:
        """``c_i(x) = w_i.x - b_i - 1/2``, shape (n, k)."""
        return inputs @ self.weights.T - self.offsets - 0.5


def draw_halfspaces(dimension: int, count: int, largest_weight: int, rng: np.random.Generator) -> Halfspaces:
    """Halfspaces that share one random point, so that their intersection is never empty.

    Without it the AND of 30 random halfspaces is false everywhere and its positive side stays untested.
    """
    common = np.where(rng.random(dimension) < 0.75, 1, -1)
    common[rng.integers(dimension)] = 1
    weights = np.empty((count, dimension))
    for row in weights:
        while True:
            row[:] = rng.integers(0, largest_weight + 1, dimension)
            if row @ common >= 1:
                break
    offsets = np.floor(rng.random(count) * (weights @ common))
    return Halfspaces(weights, offsets)


def intersection_network_value(halfspaces: Halfspaces, inputs: np.ndarray) -> np.ndarray:
    """``g = (1/2k)(sum_i [ReLU(2 c_i) - ReLU(2 c_i - 1)] - k + 1/3)``, whose sign is the AND; shape (n,)."""
    count = halfspaces.offsets.size
    steps = step_from_relus(halfspaces.margins(inputs))
    return (steps.sum(1) - count + 1 / 3) / (2 * count)


def sigmoid_network_value(halfspaces: Halfspaces, inputs: np.ndarray) -> np.ndarray:
    """``(1/2k)(sum_i sigmoid(a c_i) - k + 1/3)`` with ``a = 2 log(6k)``: k sigmoid neurons whose sign is the AND; (n,).

    ``|c| >= 1/2``, so each neuron is within ``e^{-a/2} = 1/(6k)`` of the step: the sum is above k - 1/6 inside and
    below k - 1 + 1/6 outside. The path norm is polynomial as for g.
    """
    count = halfspaces.offsets.size
    neurons = 1 / (1 + np.exp(-2 * np.log(6 * count) * halfspaces.margins(inputs)))
    return (neurons.sum(1) - count + 1 / 3) / (2 * count)


def intersection_path_norms(halfspaces: Halfspaces) -> dict[str, float]:
    """Path norm of g with the constant k - 1/3 as a unit of its own: exact, and the printed and corrected bounds.

    The printed bound counts ReLU(2c) and ReLU(2c-1) with 2(2|w| + b + 1/2) + 1 where both together need 4(|w|
    + b + 1/2) + 1.
    """
    k = halfspaces.offsets.size
    size, offset = halfspaces.weights.sum(1), halfspaces.offsets
    return {
        "exact": float(k - 1 / 3 + (4 * size + 4 * offset + 3).sum()) / (2 * k),
        "printed": float(k + 1 / 3 + (2 * (2 * size + offset + 0.5) + 1).sum()) / (2 * k),
        "corrected": float(k + 1 / 3 + (4 * (size + offset + 0.5) + 1).sum()) / (2 * k),
    }


def check_intersection(halfspaces: Halfspaces) -> dict[str, float]:
    """g and its sigmoid form against the AND on the whole cube: mismatches of sign, and the margins of g."""
    inputs = 2 * cube(halfspaces.weights.shape[1]) - 1
    true = (halfspaces.margins(inputs) >= 0).all(1)
    value = intersection_network_value(halfspaces, inputs)
    return {
        "mismatches": float(((value > 0) != true).sum()),
        "sigmoid_mismatches": float(((sigmoid_network_value(halfspaces, inputs) > 0) != true).sum()),
        "positive_fraction": float(true.mean()),
        "positive_margin": float(value[true].min()) if true.any() else np.nan,
        "negative_margin": float(value[~true].max()) if (~true).any() else np.nan,
        "smallest_distance": float(np.abs(halfspaces.margins(inputs)).min()),
    }


# Parities ------------------------------------------------------------------------------------------------------------


def hat_network(parity: np.ndarray) -> ReluNetwork:
    """The lecture's network for (-1)^{v.x}: d+1 hats of three ReLUs, 3(d+1) neurons; ``parity`` is v (d,) of
    0 and 1."""
    count = parity.size + 1
    heights = np.tile([1.0, -2.0, 1.0], count) * np.repeat((-1.0) ** np.arange(count), 3)
    biases = np.tile([1.0, 0.0, -1.0], count) - 2 * np.repeat(np.arange(count), 3)
    return ReluNetwork(np.tile(2.0 * parity, (3 * count, 1)), biases, heights)


def merged_network(parity: np.ndarray) -> ReluNetwork:
    """The same with neighbouring hats merged: ``s(2z+1) - 2 sum_{i<k} (-1)^i s(2z - 2i)``, z = v.x; k+1 neurons."""
    k = int(parity.sum())
    heights = np.concatenate(([1.0], -2 * (-1.0) ** np.arange(k)))
    biases = np.concatenate(([1.0], -2.0 * np.arange(k)))
    return ReluNetwork(np.tile(2.0 * parity, (k + 1, 1)), biases, heights)


def hat_path_norm(dimension: int, degree: int) -> float:
    """``8(d+1)k + 4d(d+1) + 2``, the path norm of :func:`hat_network`."""
    return 8.0 * (dimension + 1) * degree + 4.0 * dimension * (dimension + 1) + 2


def merged_path_norm(degree: int) -> float:
    """``6k^2 + 1``, the path norm of :func:`merged_network`."""
    return 6.0 * degree**2 + 1


def check_parity(parity: np.ndarray) -> dict[str, float]:
    """Both networks on the whole cube: largest error, and path norm minus its formula."""
    inputs = cube(parity.size)
    truth = (-1.0) ** (inputs @ parity)
    hats, merged = hat_network(parity), merged_network(parity)
    degree = int(parity.sum())
    return {
        "error": max(float(np.abs(network(inputs) - truth).max()) for network in (hats, merged)),
        "path_norm": hats.path_norm(),
        "path_norm_gap": hats.path_norm() - hat_path_norm(parity.size, degree),
        "merged_path_norm": merged.path_norm(),
        "merged_gap": merged.path_norm() - merged_path_norm(degree),
        "neurons": float(hats.readout.size),
        "merged_neurons": float(merged.readout.size),
    }


def check_reduced_parity(dimension: int) -> float:
    """Largest error of both networks for the full parity at any d, through z = v.x alone (z = 0..d)."""
    sums = np.arange(dimension + 1.0)[:, None]
    one = np.ones(1)
    worst = 0.0
    for network in (hat_network(np.ones(dimension)), merged_network(np.ones(dimension))):
        reduced = ReluNetwork(np.full((network.readout.size, 1), 2.0) * one, network.biases, network.readout)
        worst = max(worst, float(np.abs(reduced(sums) - (-1.0) ** sums[:, 0]).max()))
    return worst
