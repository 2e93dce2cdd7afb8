"""A Rosenbrock method for many runs of one small flow, in a compiled loop, for the CPU.

The same solver and step control as :func:`learnability.flows.solver.solve`. In whole arrays a step takes a millisecond
however few runs there are. Here :data:`LANES` runs are stepped side by side, each with a step size of its own, and one
that has ended makes room for the next. The flow comes as tapes (:mod:`learnability.flows.expressions`), so that one
loop, compiled once, solves every flow. Inner loops run over lanes, the last axis of all arrays, and no operation joins
lanes: a run does not depend on the others, nor on where a block of attempts ends.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from learnability.compiled.loops import compiled
from learnability.flows.expressions import (
    ABS,
    ADD,
    CHOOSE,
    CONSTANT,
    DIVIDE,
    EXP,
    IS_BELOW,
    LEAST,
    LOG,
    MOST,
    MULTIPLY,
    MULTIPLY_ADD,
    SCALE,
    SCALE_ADD,
    SHIFT,
    SQRT,
    SUBTRACT,
)
from learnability.flows.multi_index import ROUNDING, TRAPPED
from learnability.flows.solver import LARGEST_GROWTH, LEAST_ERROR, MOST_FAILURES, RUNNING
from learnability.flows.tableaux import Tableau, lower_triangle
from learnability.results.status import Status

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LANES = 16
_SWEEPS = 30
_CONVERGED, _REACHED_END = int(Status.CONVERGED), int(Status.REACHED_END)
_MAX_STEPS, _DIVERGED = int(Status.MAX_STEPS), int(Status.DIVERGED)


class Code(NamedTuple):
    """Instructions, their numbers and the registers of the outputs, as in :class:`expressions.Tape`."""

    instructions: NDArray[np.int32]
    numbers: Floats
    outputs: Integers


class Program(NamedTuple):
    """One flow. The inputs of its tapes are the n coordinates, then the chart.

    ``linearised`` has the n velocities, then the Jacobian by rows; ``observed`` the loss, then the r cosines, or the
    matrix (r, r) whose singular values they are, or in spectral coordinates their squares; ``settled`` the coordinates,
    then entries of the chart behind its first, or nothing. A run is trapped where its speed, that of the coordinates
    from ``first_rate`` on without its sign, or where that is -1 of all with it, falls below the first entry of the
    chart in units of ``scale``, or, for an ``exponent`` above 0, below rounding at this power of its size.
    """

    field: Code
    linearised: Code
    observed: Code
    settled: Code
    registers: int
    n: int
    r: int
    scale: float
    success_loss: float
    first_rate: int = -1
    exponent: int = 0


class Table(NamedTuple):
    """A Rosenbrock method, and the tolerances and limits of a run."""

    gamma: float
    order: int
    argument: Floats
    coupling: Floats
    weights: Floats
    error: Floats
    dense: Floats
    relative: float
    absolute: float
    end_time: float
    max_steps: int
    levels: Floats
    save_times: Floats


class Samples(NamedTuple):
    """Arrays of :class:`learnability.flows.solver.FlowState`, changed in place: of the active samples, then of all.
    A step that is NaN marks a start that is not settled yet.
    """

    state: Floats
    chart: Floats
    observed: Floats
    time: Floats
    time_rest: Floats
    step: Floats
    last_step: Floats
    last_error: Floats
    places: Integers
    failures: Integers
    counts: Integers
    crossing_time: Floats
    saved: Floats
    largest_fall: Floats


def table(
    tableau: Tableau,
    relative: float,
    absolute: float,
    end_time: float,
    max_steps: int,
    levels: Sequence[float],
    save_times: Sequence[float],
) -> Table:
    """The method and its limits; levels are one for each observable."""
    return Table(
        tableau.gamma,
        tableau.order,
        lower_triangle(tableau.argument),
        lower_triangle(tableau.coupling),
        np.array(tableau.weights),
        np.array(tableau.error),
        np.array(tableau.dense),
        relative,
        absolute,
        end_time,
        max_steps,
        np.array(levels, dtype=np.float64),
        np.array(save_times, dtype=np.float64),
    )


@compiled
def _fill(out: Floats, value: float) -> None:
    lanes = out.shape[-1]
    for i in range(len(out)):
        for v in range(lanes):
            out[i, v] = value


@compiled
def singular_values(matrix: Floats, out: Floats) -> None:
    """Those of one matrix (r, r), which is used up, falling, into ``out[:r]``: by one-sided Jacobi rotations, each to
    relative accuracy."""
    r = matrix.shape[1]
    for _ in range(_SWEEPS):
        turned = False
        for i in range(r - 1):
            for j in range(i + 1, r):
                first, second, both = 0.0, 0.0, 0.0
                for k in range(r):
                    first += matrix[k, i] * matrix[k, i]
                    second += matrix[k, j] * matrix[k, j]
                    both += matrix[k, i] * matrix[k, j]
                if not abs(both) > 1e-16 * math.sqrt(first * second):
                    continue
                turned = True
                cotangent = (second - first) / (2 * both)
                tangent = math.copysign(1.0, cotangent) / (abs(cotangent) + math.sqrt(1 + cotangent * cotangent))
                cosine = 1 / math.sqrt(1 + tangent * tangent)
                sine = cosine * tangent
                for k in range(r):
                    x, y = matrix[k, i], matrix[k, j]
                    matrix[k, i], matrix[k, j] = cosine * x - sine * y, sine * x + cosine * y
        if not turned:
            break
    for i in range(r):
        total = 0.0
        for k in range(r):
            total += matrix[k, i] * matrix[k, i]
        value = math.sqrt(total)
        place = i
        while place > 0 and out[place - 1] < value:
            out[place] = out[place - 1]
            place -= 1
        out[place] = value


@compiled
def run(code: Code, r: Floats) -> None:
    """Fill the registers r (register, lane)."""
    lanes = r.shape[-1]
    for i in range(len(code.numbers)):
        what, t, a = code.instructions[i, 0], code.instructions[i, 1], code.instructions[i, 2]
        b, c, x = code.instructions[i, 3], code.instructions[i, 4], code.numbers[i]
        if what == MULTIPLY_ADD:
            for v in range(lanes):
                r[t, v] = r[c, v] + r[a, v] * r[b, v]
        elif what == MULTIPLY:
            for v in range(lanes):
                r[t, v] = r[a, v] * r[b, v]
        elif what == SCALE_ADD:
            for v in range(lanes):
                r[t, v] = r[b, v] + x * r[a, v]
        elif what == SCALE:
            for v in range(lanes):
                r[t, v] = x * r[a, v]
        elif what == ADD:
            for v in range(lanes):
                r[t, v] = r[a, v] + r[b, v]
        elif what == SUBTRACT:
            for v in range(lanes):
                r[t, v] = r[a, v] - r[b, v]
        elif what == SHIFT:
            for v in range(lanes):
                r[t, v] = r[a, v] + x
        elif what == CONSTANT:
            for v in range(lanes):
                r[t, v] = x
        elif what == DIVIDE:
            for v in range(lanes):
                r[t, v] = r[a, v] / r[b, v]
        elif what == SQRT:
            for v in range(lanes):
                r[t, v] = math.sqrt(r[a, v])
        elif what == CHOOSE:
            for v in range(lanes):
                r[t, v] = r[b, v] if r[a, v] != 0.0 else r[c, v]
        else:
            for v in range(lanes):
                r[t, v] = _of_one(what, r[a, v], x)


@compiled
def _of_one(what: int, y: float, x: float) -> float:
    if what == LEAST:
        return x if y > x else y
    if what == MOST:
        return x if y < x else y
    if what == IS_BELOW:
        return 1.0 if y < x else 0.0
    if what == EXP:
        return math.exp(y)
    if what == LOG:
        return math.log(y)
    if what == ABS:
        return abs(y)
    grown = math.exp(-abs(y))  # SIGMOID
    return 1 / (1 + grown) if y >= 0 else grown / (1 + grown)


@compiled
def _evaluate(code: Code, point: Floats, r: Floats, out: Floats) -> None:
    """The outputs at a point; the chart is in its registers."""
    lanes = r.shape[-1]
    for i in range(len(point)):
        for v in range(lanes):
            r[i, v] = point[i, v]
    run(code, r)
    for i in range(len(code.outputs)):
        source = code.outputs[i]
        for v in range(lanes):
            out[i, v] = r[source, v]


@compiled
def _observe(p: Program, point: Floats, r: Floats, raw: Floats, small: Floats, out: Floats) -> None:
    """The r cosines, falling, then the loss, from the tape's outputs ``raw``."""
    lanes = r.shape[-1]
    _evaluate(p.observed, point, r, raw)
    for v in range(lanes):
        out[p.r, v] = raw[0, v]
        if p.r <= 2:
            for i in range(p.r):
                out[i, v] = raw[1 + i, v]
            continue
        for i in range(p.r):
            for j in range(p.r):
                small[i, j] = raw[1 + i * p.r + j, v]
        singular_values(small, small[p.r])
        for i in range(p.r):
            value = small[p.r, i]
            out[i, v] = value if p.first_rate < 0 else math.sqrt(min(value, 1.0))


@compiled
def _at_rest(v: int, y: Floats, speed: Floats, least: float, rounding: float, first_rate: int, exponent: int) -> bool:
    """Whether the run of lane v is no faster than a run that is trapped; see :class:`Program`."""
    n, fastest = len(y), 0.0
    if first_rate >= 0:
        fastest = -math.inf
        for i in range(first_rate, n):
            fastest = max(fastest, speed[i, v])
        return fastest <= least
    size = 0.0
    for i in range(n):
        fastest, size = max(fastest, abs(speed[i, v])), max(size, abs(y[i, v]))
    if exponent > 0:
        least = max(least, rounding * size ** (exponent - 1))
    return fastest <= least


@compiled
def _factorise(a: Floats, swapped: Integers) -> None:
    """LU of (n, n, lane) with partial pivoting, in place; ``swapped[k]`` is the row that each lane put in row k."""
    lanes = a.shape[-1]
    n = len(a)
    for k in range(n):
        for v in range(lanes):
            best = k
            for i in range(k + 1, n):
                if abs(a[i, k, v]) > abs(a[best, k, v]):
                    best = i
            swapped[k, v] = best
            if best != k:
                for j in range(n):
                    a[k, j, v], a[best, j, v] = a[best, j, v], a[k, j, v]
        for i in range(k + 1, n):
            for v in range(lanes):
                a[i, k, v] /= a[k, k, v]
            for j in range(k + 1, n):
                for v in range(lanes):
                    a[i, j, v] -= a[i, k, v] * a[k, j, v]


@compiled
def _solve(a: Floats, swapped: Integers, x: Floats) -> None:
    lanes = a.shape[-1]
    n = len(a)
    for k in range(n - 1):
        for v in range(lanes):
            best = swapped[k, v]
            x[k, v], x[best, v] = x[best, v], x[k, v]
    for i in range(1, n):
        for k in range(i):
            for v in range(lanes):
                x[i, v] -= a[i, k, v] * x[k, v]
    for i in range(n - 1, -1, -1):
        for k in range(i + 1, n):
            for v in range(lanes):
                x[i, v] -= a[i, k, v] * x[k, v]
        for v in range(lanes):
            x[i, v] /= a[i, i, v]


@compiled
def _combine(weights: Floats, stages: Floats, out: Floats) -> None:
    """``out = sum_k weights[k] U_k``."""
    lanes = out.shape[-1]
    _fill(out, 0.0)
    for k in range(len(weights)):
        weight = weights[k]
        if weight != 0.0:
            for i in range(len(out)):
                for v in range(lanes):
                    out[i, v] += weight * stages[k, i, v]


class _Work(NamedTuple):
    """For looks inside a step: registers, raw observations, one matrix with a row below it, coefficients of the
    continuous solution of every lane, then places inside one step, the states and the observations there."""

    registers: Floats
    raw: Floats
    small: Floats
    dense: Floats
    theta: Floats
    point: Floats
    seen: Floats


@compiled
def _crosses(level: float, before: float, after: float, known: float) -> bool:
    """Whether an observable rises to its level, for the first time: no earlier crossing is ``known``."""
    return before < level and after >= level and math.isnan(known)


@compiled
def _look_inside(p: Program, v: int, y: Floats, w: _Work) -> None:
    """Observe the step of lane v at the places ``theta`` in it, into ``w.seen``."""
    for other in range(LANES):
        theta = w.theta[other]
        for i in range(p.n):
            first, second, third = w.dense[0, i, v], w.dense[1, i, v], w.dense[2, i, v]
            w.point[i, other] = y[i, v] + theta * (first + (1 - theta) * (second + theta * third))
    _observe(p, w.point, w.registers, w.raw, w.small, w.seen)


@compiled
def _inside(
    p: Program,
    t: Table,
    f: Samples,
    v: int,
    sample: int,
    save: int,
    step: float,
    y: Floats,
    chart: Floats,
    seen: Floats,
    after: Floats,
    w: _Work,
) -> int:
    """Observe the accepted step of lane v at the save times within it, and place the first crossings of levels; the
    place of the next save time.

    The interval in which an observable crosses, above its level at the upper end, is divided by the number of lanes
    until it is 1e-6 of the step, in which a straight line is followed.
    """
    place, whole, end = 0, f.places[sample], f.time[sample] + step
    low, high, below = 0.0, 1.0, 0.0
    for i in range(len(chart)):
        for other in range(LANES):
            w.registers[p.n + i, other] = chart[i, v]
    while True:
        due = 0
        while due < LANES and save + due < len(t.save_times) and t.save_times[save + due] <= end:
            theta = ((t.save_times[save + due] - f.time[sample]) - f.time_rest[sample]) / step
            w.theta[due] = min(max(theta, 0.0), 1.0)
            due += 1
        if due == 0:
            while place < len(t.levels) and not _crosses(
                t.levels[place], seen[place, v], after[place, v], f.crossing_time[place, whole]
            ):
                place += 1
            if place == len(t.levels):
                return save
            if high - low == 1.0:
                below = seen[place, v]
            for k in range(LANES):
                w.theta[k] = low + (k + 1) * ((high - low) / LANES)
            w.theta[LANES - 1] = high
        _look_inside(p, v, y, w)
        if due:
            for k in range(due):
                for i in range(len(w.seen)):
                    f.saved[save + k, i, whole] = w.seen[i, k]
            save += due
            continue
        k = 0
        while k < LANES - 1 and not w.seen[place, k] >= t.levels[place]:
            k += 1
        if k:
            low, below = w.theta[k - 1], w.seen[place, k - 1]
        high, above = w.theta[k], w.seen[place, k]
        if high - low < 2e-6:
            theta = low + (high - low) * min(max((t.levels[place] - below) / (above - below), 0.0), 1.0)
            f.crossing_time[place, whole] = f.time[sample] + (f.time_rest[sample] + theta * step)
            place, low, high = place + 1, 0.0, 1.0


@compiled
def _first_step(v: int, y: Floats, value: Floats, logarithmic: bool, absolute: float) -> float:
    size, speed = 0.0, 0.0
    for i in range(len(y)):
        size, speed = max(size, abs(y[i, v])), max(speed, abs(value[i, v]))
    size = 1.0 if logarithmic else max(size, absolute)
    return min(1e-2 * size / max(speed, 1e-280), 1e280)


@compiled
def _growth(order: int, step: float, error: float, last_step: float, last_error: float) -> float:
    """As :func:`learnability.flows.solver._predicted_growth`."""
    growth = min(max(0.9 * error ** (-1 / order), 0.2), LARGEST_GROWTH)
    if error > 1 or last_step <= 0:
        return growth
    trend = 0.9 * (step / last_step) * (last_error / (error * error)) ** (1 / order)
    return min(growth, min(max(trend, 0.2), LARGEST_GROWTH))


@compiled
def _error(
    v: int, y: Floats, proposed: Floats, local: Floats, logarithmic: bool, relative: float, absolute: float
) -> float:
    """The r.m.s. local error in units of what is tolerated; 1e6 where it is not finite."""
    total = 0.0
    for i in range(len(y)):
        scale = relative
        if not logarithmic:
            scale = absolute + relative * max(abs(y[i, v]), abs(proposed[i, v]))
        total += (local[i, v] / scale) ** 2
    error = math.sqrt(total / len(y))
    return max(error, 1e-10) if math.isfinite(error) else 1e6


@compiled
def _take(
    v: int, source: int, states: Floats, charts: Floats, observed: Floats, y: Floats, chart: Floats, seen: Floats
) -> None:
    """Let lane v go on from column ``source``."""
    for i in range(len(y)):
        y[i, v] = states[i, source]
    for i in range(len(chart)):
        chart[i, v] = charts[i, source]
    for i in range(len(seen)):
        seen[i, v] = observed[i, source]


@compiled
def advance(p: Program, t: Table, f: Samples, attempts: int, code: Integers) -> None:
    """Up to ``attempts`` attempted steps of every active sample; ``code`` (sample,) says how those ended that did."""
    lanes, logarithmic = min(LANES, len(f.places)), p.first_rate >= 0
    n, m, count, observables, samples = p.n, len(f.chart), len(t.weights), p.r + 1, len(f.places)
    y, chart, seen = np.zeros((n, lanes)), np.zeros((m, lanes)), np.zeros((observables, lanes))
    linearised, stages = np.zeros((n + n * n, lanes)), np.zeros((count, n, lanes))
    matrix, swapped = np.zeros((n, n, lanes)), np.zeros((n, lanes), dtype=np.int64)
    point, right, proposed = np.zeros((n, lanes)), np.zeros((n, lanes)), np.zeros((n, lanes))
    settled, moved = np.zeros((len(p.settled.outputs), lanes)), np.zeros((m, lanes))
    after = np.zeros((observables, lanes))
    registers, raw, dense = np.zeros((p.registers, lanes)), np.zeros((1 + p.r * p.r, lanes)), np.zeros((3, n, lanes))
    w = _Work(
        np.zeros((p.registers, LANES)),
        np.zeros((1 + p.r * p.r, LANES)),
        np.zeros((p.r + 1, p.r)),
        dense,
        np.zeros(LANES),
        np.zeros((n, LANES)),
        np.zeros((observables, LANES)),
    )
    which, left, save = np.full(lanes, -1), np.zeros(lanes, dtype=np.int64), np.zeros(lanes, dtype=np.int64)
    fresh, accepted = np.zeros(lanes, dtype=np.int64), np.zeros(lanes, dtype=np.int64)
    step = np.ones(lanes)
    following, active = 0, 0
    for v in range(lanes):  # lanes without a sample go on with one that nobody asks for
        _take(v, min(v, samples - 1), f.state, f.chart, f.observed, y, chart, seen)
    while True:
        for v in range(lanes):
            if which[v] < 0 and following < samples:
                sample = following
                following, active = following + 1, active + 1
                _take(v, sample, f.state, f.chart, f.observed, y, chart, seen)
                which[v], left[v], fresh[v], save[v], code[sample] = sample, attempts, 1, 0, RUNNING
                if f.time[sample] > 0:
                    while save[v] < len(t.save_times) and t.save_times[save[v]] <= f.time[sample]:
                        save[v] += 1
        if active == 0:
            return
        for i in range(m):
            for v in range(lanes):
                registers[n + i, v] = chart[i, v]
        _evaluate(p.linearised, y, registers, linearised)
        for v in range(lanes):
            sample = which[v]
            step[v] = 1.0
            if sample < 0 or math.isnan(f.step[sample]):
                continue
            if fresh[v]:
                if f.step[sample] == 0.0:
                    f.step[sample] = _first_step(v, y, linearised, logarithmic, t.absolute)
                least = p.scale * chart[0, v]
                if seen[p.r, v] <= p.success_loss:
                    code[sample] = _CONVERGED
                elif _at_rest(v, y, linearised, least, p.scale * ROUNDING, p.first_rate, p.exponent):
                    code[sample] = TRAPPED
                if code[sample] == RUNNING and f.time[sample] >= t.end_time:
                    code[sample] = _REACHED_END
                for i in range(n):
                    if not math.isfinite(y[i, v]):
                        code[sample] = _DIVERGED
                fresh[v] = 0
            if code[sample] == RUNNING and f.counts[sample] >= t.max_steps:
                code[sample] = _MAX_STEPS
            if f.failures[sample] >= MOST_FAILURES:
                code[sample] = _DIVERGED
            if code[sample] != RUNNING or left[v] == 0:
                for i in range(n):
                    f.state[i, sample] = y[i, v]
                for i in range(m):
                    f.chart[i, sample] = chart[i, v]
                for i in range(observables):
                    f.observed[i, sample] = seen[i, v]
                which[v], active = -1, active - 1
                continue
            left[v] -= 1
            step[v] = min(f.step[sample], t.end_time - f.time[sample])
        if active == 0 and following == samples:
            return

        for i in range(n):
            for j in range(n):
                o = n + i * n + j
                for v in range(lanes):
                    matrix[i, j, v] = -linearised[o, v]
            for v in range(lanes):
                matrix[i, i, v] += 1 / (t.gamma * step[v])
                stages[0, i, v] = linearised[i, v]
        _factorise(matrix, swapped)
        _solve(matrix, swapped, stages[0])
        for stage in range(1, count):
            _combine(t.argument[stage, :stage], stages, point)
            for i in range(n):
                for v in range(lanes):
                    point[i, v] += y[i, v]
            _evaluate(p.field, point, registers, right)
            _combine(t.coupling[stage, :stage], stages, stages[stage])
            for i in range(n):
                for v in range(lanes):
                    stages[stage, i, v] = right[i, v] + stages[stage, i, v] / step[v]
            _solve(matrix, swapped, stages[stage])
        _combine(t.weights, stages, proposed)
        _combine(t.error, stages, right)
        for v in range(lanes):
            for i in range(n):
                proposed[i, v] += y[i, v]
            error, sample = _error(v, y, proposed, right, logarithmic, t.relative, t.absolute), which[v]
            accepted[v] = 0
            if sample >= 0 and not math.isnan(f.step[sample]):
                f.step[sample] = step[v] * _growth(t.order, step[v], error, f.last_step[sample], f.last_error[sample])
                f.counts[sample] += 1
                f.failures[sample] += 1
                if error <= 1:
                    accepted[v], f.failures[sample] = 1, 0
                    f.last_step[sample], f.last_error[sample] = step[v], max(error, LEAST_ERROR)
            if not accepted[v]:
                for i in range(n):
                    proposed[i, v] = y[i, v]
        for i in range(m):
            for v in range(lanes):
                moved[i, v] = chart[i, v]
        if len(p.settled.outputs):
            _evaluate(p.settled, proposed, registers, settled)
            for i in range(n):
                for v in range(lanes):
                    proposed[i, v] = settled[i, v]
            for i in range(n, len(settled)):
                for v in range(lanes):
                    moved[1 + i - n, v] = registers[1 + i, v] = settled[i, v]
        _observe(p, proposed, registers, raw, w.small, after)
        ready = False
        for v in range(lanes):
            sample = which[v]
            if sample < 0:
                continue
            whole, end = f.places[sample], f.time[sample] + step[v]
            if math.isnan(f.step[sample]):  # a start: settled, and seen for the first time
                f.step[sample] = 0.0
                for i in range(observables):
                    if after[i, v] >= t.levels[i]:
                        f.crossing_time[i, whole] = 0.0
                _take(v, v, proposed, moved, after, y, chart, seen)
            if not accepted[v]:
                continue
            wanted = save[v] < len(t.save_times) and t.save_times[save[v]] <= end
            for i in range(observables):
                wanted = wanted or _crosses(t.levels[i], seen[i, v], after[i, v], f.crossing_time[i, whole])
                f.largest_fall[i, whole] = max(f.largest_fall[i, whole], seen[i, v] - after[i, v])
            if wanted and not ready:
                _combine(t.weights, stages, dense[0])
                _combine(t.dense[0], stages, dense[1])
                _combine(t.dense[1], stages, dense[2])
                ready = True
            if wanted:
                save[v] = _inside(p, t, f, v, sample, save[v], step[v], y, chart, seen, after, w)
            back = end - f.time[sample]
            f.time_rest[sample] += (f.time[sample] - (end - back)) + (step[v] - back)
            f.time[sample] = end
            _take(v, v, proposed, moved, after, y, chart, seen)
            fresh[v] = 1
