"""Orthogonal maps g with ``f(g z) = f(z)``, and the tensors that they leave room for.

If every g of a set fixes the subspace S pointwise and leaves f unchanged, the conditional Hermite tensor
``E[He_k(z_perp) | f(z) = y, z_S]`` is invariant under each of them. Where no symmetric tensor of degree k is invariant,
it vanishes for every label transform at once: this proves a zero that no quadrature can prove.
"""

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from learnability.diagnosis.probe import POINTS, Probe
from learnability.diagnosis.result import Symmetries
from learnability.hermite.rotation import Integers, multi_indices, rotate_values

Array = NDArray[np.float64]
Values = Callable[[Array], Array]

#: f(g z) and f(z) agree when they differ by less than this, relative to the size of f about z (:class:`Probe`).
SAME = 1e-10
MOST_ELEMENTS = 240
#: Points at which :func:`invariants` sees whether a map changes a tensor at all, and the change that counts as none.
PROBES, UNCHANGED = 16, 1e-9
_GENERIC_ANGLE = 1.0  # no rational multiple of pi: the powers of this rotation are dense in all rotations


def signed_permutations(variables: int) -> Iterator[Array]:
    """All signed permutation matrices up to 4 variables; beyond, all sign changes and all signed transpositions."""
    flips = [np.diag(signs) for signs in itertools.product((1.0, -1.0), repeat=min(variables, 8))]
    if variables > 8:
        flips = [np.diag(1.0 - 2.0 * row) for row in _pairs_of_flips(variables)]
    orders = list(itertools.permutations(range(variables))) if variables <= 4 else [tuple(range(variables))]
    for order in orders:
        permutation = np.eye(variables)[list(order)]
        yield from (flip @ permutation for flip in flips)
    if variables > 4:
        for i, j in itertools.combinations(range(variables), 2):
            for sign in (1.0, -1.0):
                swap = np.eye(variables)
                swap[[i, j]] = 0
                swap[i, j] = swap[j, i] = sign
                yield swap


def _pairs_of_flips(variables: int) -> Array:
    single = np.eye(variables)
    pairs = [single[i] + single[j] for i, j in itertools.combinations(range(variables), 2)]
    return np.array([*single, *pairs, np.ones(variables)])


def plane_maps(variables: int) -> Iterator[Array]:
    """Rotations by 1/3, 1/5, ..., 1/8 of a turn in the coordinate planes, and one by a generic angle."""
    for i, j in itertools.combinations(range(variables), 2):
        for angle in (*(2 * math.pi / n for n in (3, 5, 7, 8)), _GENERIC_ANGLE):
            yield _plane(variables, i, j, angle)


def _plane(variables: int, i: int, j: int, angle: float) -> Array:
    turn = np.eye(variables)
    turn[[i, j], [i, j]] = math.cos(angle)
    turn[i, j], turn[j, i] = -math.sin(angle), math.sin(angle)
    return turn


def opposites(probe: Probe, mean: float) -> list[Array]:
    """Signed permutations g with ``f(g z) - mean = -(f(z) - mean)``."""
    maps = np.array(list(signed_permutations(probe.variables)))
    return list(maps[probe.misses(maps, SAME, -1.0, mean) < SAME])


def find(probe: Probe) -> Symmetries:
    """Signed permutations, rotations in coordinate planes and continuous rotations in any plane."""
    variables = probe.variables
    maps = np.array([*signed_permutations(variables), *plane_maps(variables)])
    maps = maps[np.abs(maps - np.eye(variables)).max(axis=(1, 2)) > 1e-9]
    misses = probe.misses(maps, SAME)
    generators, turned = continuous(probe)
    kept = list(maps[misses < SAME])
    largest = max([*misses[misses < SAME].tolist(), *turned], default=0.0)
    kept += [rotation_by(generator, _GENERIC_ANGLE) for generator in generators]
    return Symmetries(tuple(kept), tuple(generators), largest, words(kept, generators, variables))


def only(group: Symmetries, kept: Sequence[Array]) -> Symmetries:
    """The symmetries with these elements alone, and the continuous rotations that are among them."""
    variables = len(group.elements[0]) if group.elements else 0
    rotations = tuple(
        a for a in group.rotations if any(np.abs(rotation_by(a, _GENERIC_ANGLE) - g).max() < 1e-9 for g in kept)
    )
    return Symmetries(tuple(kept), rotations, group.residual if kept else 0.0, words(kept, rotations, variables))


def continuous(probe: Probe) -> tuple[list[Array], list[float]]:
    """Antisymmetric A with ``f(exp(t A) z) = f(z)``, by the null space of ``(A z) . grad f`` and a check; the misses.

    The gradient is taken at all scales: where f turns freely near 0 alone, the null space would mix rotations that
    leave f unchanged with such that do not.
    """
    variables, z = probe.variables, probe.points
    planes = list(itertools.combinations(range(variables), 2))
    if not planes:
        return [], []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        near, far = (finite_gradient(probe.values, z, step) / probe.size[:, None] for step in (2e-4, 4e-4))
    # Where two steps disagree there is a kink between; elsewhere both together have an error of order step^4.
    size = np.maximum(np.nan_to_num(np.abs(near), nan=np.inf).max(axis=1), 1e-3)
    smooth = (size < 1e3) & (np.nan_to_num(np.abs(near - far), nan=np.inf).max(axis=1) < 1e-3 * size)
    gradient, z = (4 * near[smooth] - far[smooth]) / 3, z[smooth]
    if not gradient.any():
        return [], []
    columns = np.stack([gradient[:, i] * z[:, j] - gradient[:, j] * z[:, i] for i, j in planes], axis=1)
    most = float((np.abs(gradient).max(axis=1) * np.abs(z).max(axis=1)).max())
    _, singular, right = np.linalg.svd(columns / most, full_matrices=len(columns) < len(planes))
    candidates = np.zeros((len(planes) - int((singular > 1e-6).sum()), variables, variables))
    for generator, row in zip(candidates, right[::-1], strict=False):
        for (i, j), entry in zip(planes, row, strict=True):
            generator[i, j], generator[j, i] = entry, -entry
    maps = np.array([rotation_by(generator, _GENERIC_ANGLE) for generator in candidates]).reshape(candidates.shape)
    misses = probe.misses(maps, SAME)
    kept = np.flatnonzero(misses < SAME)
    return [candidates[i] for i in kept], misses[kept].tolist()


def rotation_by(generator: Array, angle: float) -> Array:
    """``exp(angle A)`` of an antisymmetric A, by its eigenvectors."""
    eigenvalues, vectors = np.linalg.eigh(1j * generator)
    return np.real(vectors @ np.diag(np.exp(-1j * angle * eigenvalues)) @ vectors.conj().T)


def finite_gradient(values: Values, z: Array, step: float = 1e-5) -> Array:
    """Central differences of f at z (count, variables)."""
    shifts = step * np.eye(z.shape[-1])
    return np.asarray((values(z[:, None, :] + shifts) - values(z[:, None, :] - shifts)) / (2 * step))


def search(probe: Probe, known: Symmetries, starts: int = 24) -> Symmetries:
    """More elements, in no particular basis: Newton's method on ``f(g z) - f(z)`` from orthogonal starts."""
    variables, values = probe.variables, probe.values
    if not 2 <= variables <= 4:
        return known
    rng = np.random.default_rng(7)
    z, base = probe.points[:POINTS], probe.label[:POINTS]
    scale = math.sqrt(float(np.mean(base**2))) or 1.0
    found, largest = list(known.elements), known.residual
    for g in _starts(values, variables, rng, starts):
        refined = _refine(values, z, base / scale, scale, g)
        new = refined is not None and all(np.abs(refined - h).max() > 1e-6 for h in [np.eye(variables), *found])
        if new and refined is not None:
            miss = float(probe.misses(refined[None], SAME)[0])
            if miss < SAME:
                found, largest = [*found, refined], max(largest, miss)
    return Symmetries(tuple(found), known.rotations, largest, words(found, known.rotations, variables))


def _starts(values: Values, variables: int, rng: np.random.Generator, count: int) -> Iterator[Array]:
    """Sign changes along the axes of E[grad f grad f^T], then random rotations and reflections in turn."""
    gradient = finite_gradient(values, rng.standard_normal((3000, variables)))
    axes = np.linalg.eigh(gradient.T @ gradient)[1]
    for signs in itertools.product((1.0, -1.0), repeat=variables):
        if min(signs) < 0:
            yield axes @ np.diag(signs) @ axes.T
    for start in range(count):
        g = np.linalg.qr(rng.standard_normal((variables, variables)))[0]
        if (np.linalg.det(g) < 0) != (start % 2 == 1):
            g[0] = -g[0]
        yield g


def _refine(values: Values, z: Array, base: Array, scale: float, g: Array) -> Array | None:
    """Levenberg-Marquardt on the orthogonal group; None where it does not reach a symmetry."""
    planes = list(itertools.combinations(range(len(g)), 2))
    damping, moved = 1e-2, z @ g.T
    miss = values(moved) / scale - base
    for _ in range(60):
        gradient = finite_gradient(values, moved) / scale
        slope = np.stack([gradient[:, i] * moved[:, j] - gradient[:, j] * moved[:, i] for i, j in planes], axis=1)
        normal = slope.T @ slope
        step = -np.linalg.solve(
            normal + damping * (np.diag(np.diag(normal)) + 1e-12 * np.eye(len(planes))), slope.T @ miss
        )
        generator = np.zeros_like(g)
        for (i, j), entry in zip(planes, step, strict=True):
            generator[i, j], generator[j, i] = entry, -entry
        trial = rotation_by(generator, 1.0) @ g
        there = z @ trial.T
        new = values(there) / scale - base
        if new @ new < miss @ miss:
            g, moved, miss, damping = trial, there, new, damping / 5
        else:
            damping *= 8
        if np.abs(miss).max() < 1e-12 or damping > 1e8:
            break
    u, _, v = np.linalg.svd(g)
    return u @ v if np.abs(miss).max() < 1e-9 else None


def closure(elements: Sequence[Array], limit: int = MOST_ELEMENTS) -> list[Array]:
    """Products of the elements, breadth first, up to ``limit`` of them."""
    known: dict[bytes, Array] = {}
    frontier: list[Array] = []

    def add(g: Array) -> None:
        key = np.round(g, 6) + 0.0
        if len(known) < limit and key.tobytes() not in known:
            known[key.tobytes()] = g
            frontier.append(g)

    for g in elements:
        add(g)
    generators = list(elements)[:24]
    while frontier and len(known) < limit:
        g = frontier.pop(0)
        for h in generators:
            add(g @ h)
    return list(known.values())


def fixing(elements: Sequence[Array], subspace: Array, complement: Array) -> list[Array]:
    """Those that fix ``subspace`` (variables, s) pointwise, as maps of ``complement`` (variables, p)."""
    fixed = [g for g in elements if subspace.shape[1] == 0 or np.abs(g @ subspace - subspace).max() < 1e-8]
    inner = [complement.T @ g @ complement for g in fixed]
    return [g for g in inner if np.abs(g - np.eye(len(g))).max() > 1e-9]


def representation(g: Array, degree: int) -> Callable[[Array], Array]:
    """How the coefficients (indices, columns) on the ``h_b``, |b| = degree, change when f(z) becomes f(g^T z)."""
    p = len(g)
    indices = multi_indices(p, degree)
    image = np.abs(g).argmax(axis=0)
    monomial = np.zeros_like(g)
    monomial[image, np.arange(p)] = np.sign(g[image, np.arange(p)])
    if np.abs(monomial - g).max() < 1e-9 and len(set(image.tolist())) == p:
        place = {tuple(index): i for i, index in enumerate(indices.tolist())}
        moved = np.zeros_like(indices)
        moved[:, image] = indices
        target = np.array([place[tuple(index)] for index in moved.tolist()])
        sign = np.prod(np.where(indices % 2 == 1, np.sign(g[image, np.arange(p)]), 1.0), axis=1)

        def permute(columns: Array) -> Array:
            out = np.empty_like(columns)
            out[target] = sign[:, None] * columns
            return out

        return permute

    def turn(columns: Array) -> Array:
        return np.stack([rotate_values(indices, column, g) for column in columns.T], axis=1)

    return turn


def _monomials(y: Array, indices: Integers) -> Array:
    """``y^b / sqrt(b!)`` (points, indices): coefficients on the h_b, |b| = k, turn as on these."""
    powers = [np.ones_like(y)]
    for k in range(1, int(indices.max(initial=0)) + 1):
        powers.append(powers[-1] * y / math.sqrt(k))
    table = np.stack(powers)
    return np.asarray(np.prod([table[indices[:, i], :, i] for i in range(y.shape[1])], axis=0).T)


def invariants(
    maps: Sequence[Array],
    variables: int,
    degree: int,
    blind: Collection[tuple[int, int]] = (),
    opposite: Sequence[Array] = (),
) -> Array:
    """An orthonormal basis (indices, count) of the degree-k coefficients that all maps leave unchanged.

    Those with ``b_i = j`` for some (i, j) of ``blind`` are zero, and the maps of ``opposite`` change the sign.
    """
    indices = multi_indices(variables, degree)
    open_ = np.ones(len(indices), dtype=bool)
    for i, j in blind:
        open_ &= indices[:, i] != j
    basis = np.eye(len(indices))[:, open_]
    points = np.random.default_rng(43).standard_normal((PROBES, variables))
    monomials = _monomials(points, indices)
    # Sign changes first: they are cheap and remove most.
    signed = [(g, 1.0) for g in maps] + [(g, -1.0) for g in opposite]
    for g, sign in sorted(signed, key=lambda pair: float(np.abs(pair[0] - np.diag(np.diag(pair[0]))).max())):
        if basis.shape[1] == 0:
            break
        # Most maps are products of earlier ones and change nothing: values at a few points say so without a rotation.
        if np.abs((_monomials(points @ g, indices) - sign * monomials) @ basis).max() < UNCHANGED:
            continue
        moved = representation(g, degree)(basis) - sign * basis
        if np.abs(moved).max() < 1e-9:
            continue
        _, singular, right = np.linalg.svd(moved, full_matrices=True)
        basis = basis @ right[int((singular > 1e-7).sum()) :].T
    return basis


def unfold(coefficients: Array, variables: int, degree: int) -> Array:
    """The tensors contracted on all but one slot, (variables, columns x indices of degree - 1).

    ``coefficients`` (indices, columns) belong to ``h_b``, |b| = degree; entry (i, b - e_i) is ``sqrt(b_i / k) c_b``,
    the derivative up to a factor, so that the squares of the singular values add up to ``|c|^2``.
    """
    indices = multi_indices(variables, degree)
    lower = (
        {tuple(index): i for i, index in enumerate(multi_indices(variables, degree - 1).tolist())} if degree > 1 else {}
    )
    columns = coefficients.shape[1]
    matrix = np.zeros((variables, max(len(lower), 1), columns))
    for row, index in enumerate(indices.tolist()):
        for i, power in enumerate(index):
            if power:
                place = lower[(*index[:i], power - 1, *index[i + 1 :])] if lower else 0
                matrix[i, place] += math.sqrt(power / degree) * coefficients[row]
    return matrix.reshape(variables, -1)


def words(elements: Sequence[Array], rotations: Sequence[Array], variables: int) -> tuple[str, ...]:
    """What the elements do, for a person; simple ones first, at most six."""
    said = []
    if len(rotations):
        said.append(f"{len(rotations)} continuous rotation{'s' if len(rotations) > 1 else ''}")
    if any(np.abs(g + np.eye(variables)).max() < 1e-9 for g in elements):
        said.append("z -> -z")
    for g in elements:
        signs = np.diag(g)
        if np.abs(g - np.diag(signs)).max() < 1e-9 and 0 < (signs < 0).sum() < min(variables, 3):
            said.append(", ".join(f"z{i + 1} -> -z{i + 1}" for i in np.flatnonzero(signs < 0)))
    for i, j in itertools.combinations(range(variables), 2):
        swap = np.eye(variables)
        swap[[i, j]] = swap[[j, i]]
        if any(np.abs(g - swap).max() < 1e-9 for g in elements):
            said.append(f"z{i + 1} <-> z{j + 1}")
    turns = [g for g in elements if not np.allclose(np.abs(g), np.round(np.abs(g)), atol=1e-9)]
    if turns and not len(rotations):
        s = "s" if len(turns) > 1 else ""
        said.append(f"{len(turns)} rotation{s} or reflection{s} in other directions")
    if elements and not said:
        said.append(f"{len(elements)} signed permutation{'s' if len(elements) > 1 else ''}")
    return tuple(said[:5] + ([f"and {len(said) - 5} more"] if len(said) > 5 else []))
