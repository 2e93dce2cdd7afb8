"""Expressions: values and derivatives beside PyTorch's, what is never built, and the registers of a tape."""

import numpy as np
import pytest
import torch
from torch import Tensor

from learnability.flows import expressions as ex
from learnability.flows.compiled_tape import Code, run


def by_expressions(x: list[ex.Expression]) -> list[ex.Expression]:
    a, b, c = x
    return [
        ex.root(a * a + 2.0) / (b - 3.0) + ex.exponential(-c * 0.5),
        ex.sigmoid(a * b) * ex.logarithm(c * c + 1.0) - 0.25,
        ex.at_most(a, 0.3) * ex.at_least(b, -0.2) + ex.choose(ex.is_below(c, 0.0), a * c, b),
        1.5 - a * b * c + a,
    ]


def by_torch(x: Tensor) -> Tensor:
    a, b, c = x
    return torch.stack(
        [
            torch.sqrt(a * a + 2) / (b - 3) + torch.exp(-c / 2),
            torch.sigmoid(a * b) * torch.log(c * c + 1) - 0.25,
            a.clamp(max=0.3) * b.clamp(min=-0.2) + torch.where(c < 0, a * c, b),
            1.5 - a * b * c + a,
        ]
    )


def evaluated(outputs: list[ex.Expression], points: np.ndarray) -> np.ndarray:
    """The outputs (output, point) at points (input, point)."""
    tape = ex.tape(outputs, len(points))
    registers = np.zeros((tape.registers, points.shape[1]))
    registers[: len(points)] = points
    run(Code(tape.instructions, tape.numbers, tape.outputs), registers)
    return registers[tape.outputs]


@pytest.mark.parametrize("points", [1, 5, 16, 37])
def test_values_and_derivatives_are_those_of_torch(points: int) -> None:
    x = np.random.default_rng(0).standard_normal((3, points))
    graph = ex.Graph(3)
    outputs = by_expressions(graph.inputs)
    np.testing.assert_allclose(evaluated(outputs, x), by_torch(torch.from_numpy(x)).numpy(), rtol=1e-14, atol=1e-15)
    slopes = np.stack([evaluated(ex.derivatives(outputs, one), x) for one in graph.inputs], axis=1)
    reference = torch.func.vmap(torch.func.jacfwd(by_torch), in_dims=1, out_dims=2)(torch.from_numpy(x))
    np.testing.assert_allclose(slopes, reference.numpy(), rtol=1e-13, atol=1e-14)


def test_sigmoid_has_its_digits_at_both_ends() -> None:
    graph = ex.Graph(1)
    x = np.array([[-700.0, -40.0, 0.0, 40.0]])
    (value,) = evaluated([ex.sigmoid(graph.inputs[0])], x)
    np.testing.assert_allclose(value, torch.sigmoid(torch.from_numpy(x[0])).numpy(), rtol=1e-15)
    (slope,) = evaluated(ex.derivatives([ex.sigmoid(graph.inputs[0])], graph.inputs[0]), x)
    np.testing.assert_allclose(slope[[1, 3]], np.exp(-40.0), rtol=1e-13)


def test_equal_expressions_are_built_once_and_zeros_never() -> None:
    graph = ex.Graph(2)
    a, b = graph.inputs
    assert a * b is b * a
    assert (a * 0.0).vanishes
    assert a + 0.0 is a
    assert a * 1.0 is a
    assert ex.derivatives([b * b], a)[0].vanishes
    assert len(ex.tape([a * b + b * a, a * b], 2).numbers) == 2


def test_a_register_is_never_written_while_it_is_read_and_serves_again() -> None:
    graph = ex.Graph(3)
    x = graph.inputs[0]
    for k in range(50):
        x = ex.root(x * x + float(k)) + graph.inputs[1 + k % 2]
    tape = ex.tape([x], 3)
    assert tape.registers <= 6
    assert (tape.instructions[:, 1] >= 3).all()  # inputs stay
    sources = {ex.ADD: 2, ex.MULTIPLY: 2, ex.MULTIPLY_ADD: 3, ex.SCALE_ADD: 2}
    for code, target, *of in tape.instructions.tolist():
        assert target not in of[: sources.get(code, 1)]


def test_the_modulus_has_no_derivative() -> None:
    graph = ex.Graph(1)
    with pytest.raises(KeyError):
        ex.derivatives([ex.absolute(graph.inputs[0])], graph.inputs[0])
