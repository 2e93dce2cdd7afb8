"""Small systems of equations as straight-line programs: written once in Python, differentiated exactly, run by a loop.

An :class:`Expression` is built by arithmetic on inputs; equal ones are built once, and what multiplies by zero is never
built. :func:`derivatives` differentiates forward. :func:`tape` puts what some outputs need in order, one instruction
each, in as few registers as their lives allow; :mod:`learnability.flows.compiled_tape` runs it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ADD, SUBTRACT, MULTIPLY, DIVIDE, MULTIPLY_ADD = range(5)
SHIFT, SCALE, SCALE_ADD, LEAST, MOST, IS_BELOW = range(5, 11)  # the second operand is a number
SQRT, EXP, LOG, SIGMOID, ABS, CHOOSE, CONSTANT = range(11, 18)
INPUT = -1


class Expression:
    """A node of a graph: what is computed, of which nodes, with which number, and after how many others."""

    __slots__ = ("code", "graph", "number", "of", "place")

    def __init__(self, graph: "Graph", code: int, of: tuple["Expression", ...], number: float, place: int) -> None:
        self.graph, self.code, self.of, self.number, self.place = graph, code, of, number, place

    def __add__(self, other: "Expression | float") -> "Expression":
        return self.graph.sum(self, other)

    __radd__ = __add__

    def __neg__(self) -> "Expression":
        return self * -1.0

    def __sub__(self, other: "Expression | float") -> "Expression":
        if isinstance(other, Expression):
            if other.code == CONSTANT:
                return self.graph.sum(self, -other.number)
            if self.code == CONSTANT and self.number == 0.0:
                return -other
            return self.graph.node(SUBTRACT, (self, other))
        return self.graph.sum(self, -other)

    def __rsub__(self, other: float) -> "Expression":
        return self.graph.sum(-self, other)

    def __mul__(self, other: "Expression | float") -> "Expression":
        return self.graph.product(self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: "Expression") -> "Expression":
        if self.code == CONSTANT and self.number == 0.0:
            return self
        return self.graph.node(DIVIDE, (self, other))

    @property
    def vanishes(self) -> bool:
        """Whether it is the constant zero."""
        return self.code == CONSTANT and self.number == 0.0


class Graph:
    """The expressions of some inputs, each built once."""

    def __init__(self, inputs: int) -> None:
        self._known: dict[tuple[int, tuple[int, ...], float], Expression] = {}
        self.inputs = [self.node(INPUT, (), float(i)) for i in range(inputs)]
        self.zero, self.one = self.constant(0.0), self.constant(1.0)

    def node(self, code: int, of: tuple[Expression, ...], number: float = 0.0) -> Expression:
        """The expression, known or new."""
        key = (code, tuple(e.place for e in of), number)
        if key not in self._known:
            self._known[key] = Expression(self, code, of, number, len(self._known))
        return self._known[key]

    def constant(self, number: float) -> Expression:
        return self.node(CONSTANT, (), float(number))

    def sum(self, a: Expression, b: Expression | float) -> Expression:
        """a + b; neither is kept where the other is zero."""
        if not isinstance(b, Expression):
            b = self.constant(b)
        if a.code == CONSTANT:
            a, b = b, a
        if b.code != CONSTANT:
            return self.node(ADD, (a, b))
        if a.code == CONSTANT:
            return self.constant(a.number + b.number)
        return a if b.number == 0.0 else self.node(SHIFT, (a,), b.number)

    def product(self, a: Expression, b: Expression | float) -> Expression:
        """a times b; zero where either is, and the other where one is one."""
        if not isinstance(b, Expression):
            b = self.constant(b)
        if a.code == CONSTANT:
            a, b = b, a
        if b.code != CONSTANT:
            return self.node(MULTIPLY, (a, b) if a.place <= b.place else (b, a))
        if a.code == CONSTANT or b.number == 0.0:
            return self.constant(a.number * b.number if a.code == CONSTANT else 0.0)
        return a if b.number == 1.0 else self.node(SCALE, (a,), b.number)


def root(x: Expression) -> Expression:
    """sqrt(x)."""
    return x.graph.node(SQRT, (x,))


def exponential(x: Expression) -> Expression:
    """exp(x)."""
    return x.graph.node(EXP, (x,))


def logarithm(x: Expression) -> Expression:
    """log(x)."""
    return x.graph.node(LOG, (x,))


def sigmoid(x: Expression) -> Expression:
    """1 / (1 + exp(-x))."""
    return x.graph.node(SIGMOID, (x,))


def absolute(x: Expression) -> Expression:
    """|x|."""
    return x.graph.node(ABS, (x,))


def at_most(x: Expression, bound: float) -> Expression:
    """min(x, bound)."""
    return x.graph.node(LEAST, (x,), bound)


def at_least(x: Expression, bound: float) -> Expression:
    """max(x, bound)."""
    return x.graph.node(MOST, (x,), bound)


def is_below(x: Expression, bound: float) -> Expression:
    """One where x < bound, else zero."""
    return x.graph.node(IS_BELOW, (x,), bound)


def choose(condition: Expression, yes: Expression, no: Expression) -> Expression:
    """``yes`` where the condition is not zero."""
    return yes if yes is no else condition.graph.node(CHOOSE, (condition, yes, no))


def total(terms: Iterable[Expression], graph: Graph) -> Expression:
    """Their sum, in order."""
    result = graph.zero
    for term in terms:
        result = result + term
    return result


_Rule = Callable[[Expression, Sequence[Expression]], Expression]

_RULES: dict[int, _Rule] = {
    ADD: lambda _, d: d[0] + d[1],
    SUBTRACT: lambda _, d: d[0] - d[1],
    MULTIPLY: lambda e, d: d[0] * e.of[1] + e.of[0] * d[1],
    DIVIDE: lambda e, d: (d[0] - e * d[1]) / e.of[1],
    SHIFT: lambda _, d: d[0],
    SCALE: lambda e, d: d[0] * e.number,
    LEAST: lambda e, d: d[0] * is_below(e.of[0], e.number),
    MOST: lambda e, d: d[0] * (1.0 - is_below(e.of[0], e.number)),
    IS_BELOW: lambda e, _: e.graph.zero,
    SQRT: lambda e, d: d[0] * 0.5 / e,
    EXP: lambda e, d: d[0] * e,
    LOG: lambda e, d: d[0] / e.of[0],
    SIGMOID: lambda e, d: d[0] * (e * sigmoid(-e.of[0])),
    CHOOSE: lambda e, d: choose(e.of[0], d[1], d[2]),
}


def derivatives(outputs: Sequence[Expression], variable: Expression) -> list[Expression]:
    """The derivative of every output along one input.

    A bound that is active has the derivative zero. Raises KeyError for what has no rule: :func:`absolute`.
    """
    graph = variable.graph
    found: dict[int, Expression] = {}
    for e in _ordered(outputs):
        if e is variable:
            found[e.place] = graph.one
        elif not e.of or all(found[x.place].vanishes for x in e.of):
            found[e.place] = graph.zero
        else:
            found[e.place] = _RULES[e.code](e, [found[x.place] for x in e.of])
    return [found[e.place] for e in outputs]


def _ordered(outputs: Sequence[Expression]) -> list[Expression]:
    """Everything the outputs need, each after what it is made of."""
    needed: dict[int, Expression] = {}
    open_ = list(outputs)
    while open_:
        e = open_.pop()
        if e.place not in needed:
            needed[e.place] = e
            open_.extend(e.of)
    return [needed[place] for place in sorted(needed)]


class Tape(NamedTuple):
    """Instructions (instruction, 5): code, target and up to three sources, with a number each. Registers 0, 1, ... hold
    the inputs; ``outputs`` are the registers with the results."""

    instructions: NDArray[np.int32]
    numbers: NDArray[np.float64]
    outputs: NDArray[np.int64]
    registers: int


@dataclass
class _Instruction:
    code: int
    of: tuple[Expression, ...]
    number: float
    result: Expression


def tape(outputs: Sequence[Expression], inputs: int) -> Tape:
    """The instructions that compute the outputs."""
    steps = _joined(outputs)
    last = {e.place: i for i, step in enumerate(steps) for e in step.of}
    last |= {e.place: len(steps) for e in outputs}
    register: dict[int, int] = {}
    free: list[int] = []
    count = inputs
    rows, numbers = [], []
    for i, step in enumerate(steps):
        if free:
            target = free.pop()
        else:
            target, count = count, count + 1
        register[step.result.place] = target
        sources = [_register(e, register) for e in step.of]
        rows.append([step.code, target, *sources, *[0] * (3 - len(sources))])
        numbers.append(step.number)
        # A register is free after its last use; never the target of that use, which could then not be vectorised.
        free += sorted({register[e.place] for e in step.of if last[e.place] == i and e.place in register})
    return Tape(
        np.array(rows, dtype=np.int32).reshape(-1, 5),
        np.array(numbers, dtype=np.float64),
        np.array([_register(e, register) for e in outputs], dtype=np.int64),
        count,
    )


def _register(e: Expression, register: dict[int, int]) -> int:
    return int(e.number) if e.code == INPUT else register[e.place]


def _joined(outputs: Sequence[Expression]) -> list[_Instruction]:
    """One instruction for each expression, a product that only one sum uses as a part of that."""
    needed = _ordered(outputs)
    uses: dict[int, int] = {}
    for x in [*(part for e in needed for part in e.of), *outputs]:
        uses[x.place] = uses.get(x.place, 0) + 1
    steps, inside = [], set()
    for e in needed:
        products = [x for x in e.of[::-1] if x.code in (MULTIPLY, SCALE) and uses[x.place] == 1]
        if e.code == ADD and products:
            inside.add(products[0].place)
    for e in needed:
        if e.code == INPUT or e.place in inside:
            continue
        part = next((x for x in e.of if x.place in inside), None)
        if part is None:
            steps.append(_Instruction(e.code, e.of, e.number, e))
            continue
        other = e.of[1] if e.of[0] is part else e.of[0]
        code = MULTIPLY_ADD if part.code == MULTIPLY else SCALE_ADD
        steps.append(_Instruction(code, (*part.of, other), part.number, e))
    return steps
