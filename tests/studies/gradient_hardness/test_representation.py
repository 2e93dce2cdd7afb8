"""Networks for halfspaces and parities, and their path norms."""

import numpy as np
import pytest
from scipy.special import expit

from learnability.studies.gradient_hardness import representations as rep


def network_of_intersection(halfspaces: rep.Halfspaces) -> rep.ReluNetwork:
    """g spelled out neuron by neuron, the constant as a ReLU of its own with weight 0 and bias 1."""
    k = halfspaces.offsets.size
    weights = np.concatenate(
        (2 * halfspaces.weights, 2 * halfspaces.weights, np.zeros((1, halfspaces.weights.shape[1])))
    )
    shift = -2 * halfspaces.offsets - 1
    biases = np.concatenate((shift, shift - 1, [1.0]))
    readout = np.concatenate((np.ones(k), -np.ones(k), [-(k - 1 / 3)])) / (2 * k)
    return rep.ReluNetwork(weights, biases, readout)


@pytest.mark.parametrize(("dimension", "count"), [(6, 2), (8, 5), (9, 12)])
def test_g_is_this_network_and_its_path_norm_is_the_formula(dimension: int, count: int) -> None:
    halfspaces = rep.draw_halfspaces(dimension, count, 3, np.random.default_rng(count))
    network = network_of_intersection(halfspaces)
    inputs = 2 * rep.cube(dimension) - 1
    assert np.allclose(network(inputs), rep.intersection_network_value(halfspaces, inputs), rtol=0, atol=1e-12)
    norms = rep.intersection_path_norms(halfspaces)
    assert network.path_norm() == pytest.approx(norms["exact"], rel=1e-13)
    assert norms["printed"] < norms["exact"] < norms["corrected"]


def test_every_intersection_is_hit_with_exact_margins() -> None:
    rng = np.random.default_rng(0)
    for dimension, count in ((6, 2), (10, 4), (12, 20)):
        found = rep.check_intersection(rep.draw_halfspaces(dimension, count, 3, rng))
        assert found["mismatches"] == 0
        assert found["sigmoid_mismatches"] == 0
        assert found["smallest_distance"] >= 0.5
        assert found["positive_margin"] == pytest.approx(1 / (6 * count))
        assert found["negative_margin"] == pytest.approx(-1 / (3 * count))


def test_halfspaces_are_natural_and_share_a_point() -> None:
    halfspaces = rep.draw_halfspaces(9, 15, 2, np.random.default_rng(4))
    for values in (halfspaces.weights, halfspaces.offsets):
        assert (values >= 0).all()
        assert (values == np.round(values)).all()
    assert (halfspaces.margins(2 * rep.cube(9) - 1) > 0).all(1).any()


@pytest.mark.parametrize("parity", [[1], [0, 1], [1, 1, 0], [1, 1, 1, 1, 1, 1, 1], [1, 0, 0, 1, 1, 0]])
def test_both_networks_are_the_parity_with_the_stated_norms(parity: list[int]) -> None:
    found = rep.check_parity(np.array(parity, float))
    assert found["error"] == found["path_norm_gap"] == found["merged_gap"] == 0
    assert found["neurons"] == 3 * (len(parity) + 1)
    assert found["merged_neurons"] == sum(parity) + 1


def test_the_reduction_to_one_variable_agrees_at_large_d() -> None:
    assert rep.check_reduced_parity(300) == 0


def test_a_wrong_network_is_noticed() -> None:
    network = rep.merged_network(np.ones(5))
    broken = rep.ReluNetwork(network.weights, network.biases, network.readout * np.array([1, 1, 1, -1, 1, 1]))
    inputs = rep.cube(5)
    assert np.abs(broken(inputs) - (-1.0) ** inputs.sum(1)).max() > 1


def test_the_step_from_relus_at_half_integers_and_at_zero() -> None:
    assert rep.step_from_relus(np.array([-0.5, 0.5, 3.0])).tolist() == [0, 1, 1]
    assert rep.step_from_relus(np.zeros(1), 1e6)[0] == 0


def test_the_sigmoid_form_is_k_neurons_and_needs_its_steepness() -> None:
    """Against SciPy's logistic function; at a steepness of 1/2 the sign is wrong somewhere."""
    halfspaces = rep.draw_halfspaces(8, 6, 3, np.random.default_rng(1))
    inputs = 2 * rep.cube(8) - 1
    margins = halfspaces.margins(inputs)

    def value(steepness: float) -> np.ndarray:
        return (expit(steepness * margins).sum(1) - 6 + 1 / 3) / 12

    assert np.allclose(rep.sigmoid_network_value(halfspaces, inputs), value(2 * np.log(36)), rtol=0, atol=1e-14)
    true = (margins >= 0).all(1)
    assert ((value(0.5) > 0) != true).any()
