"""Walsh-Hadamard transform: every expectation against every parity at once.

Index convention: the point of the cube with index ``n`` has the bits ``x_i = (n >> i) & 1`` and the signs
``s_i = 1 - 2 x_i``; the parity with index ``v`` is ``chi_v(s) = prod_{i in v} s_i = (-1)^{popcount(v & n)}``.
"""

import torch

# Measured on one core: a pass multiplies by a 16 x 16 Hadamard matrix, 4 of the log2(n) levels for one trip
# through memory. Radix 4 and 8 make more trips; from 64 on the extra multiplications cost more than they
# save.
RADIX = 16
# The workspace holds this many numbers at most (or one row, where a row is longer).
BLOCK = 1 << 20


def hadamard_matrix(size: int, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu") -> torch.Tensor:
    """Sylvester's Hadamard matrix ``H[v, n] = (-1)^popcount(v & n)``, shape (size, size); ``size`` a power of
    two. Raises ValueError for another size."""
    if size < 1 or size & (size - 1):
        raise ValueError(f"the size of a Hadamard matrix here is a power of two, not {size}")
    matrix = torch.ones(1, 1, dtype=dtype, device=device)
    while matrix.shape[0] < size:
        matrix = torch.cat((torch.cat((matrix, matrix), 1), torch.cat((matrix, -matrix), 1)), 0)
    return matrix


def walsh_hadamard_(values: torch.Tensor, radix: int = RADIX) -> torch.Tensor:
    """Replace each row of ``values`` (..., n) by its transform ``sum_n (-1)^popcount(v & n) values[..., n]``;
    returns it.

    Not normalised: twice the transform is n times the identity, and ``transform / n`` is the vector of
    ``E_x[chi_v f]``. The rows go through blocks of at most ``BLOCK`` numbers, so the extra memory is bounded
    whatever the batch. Cost O(n log n) for each row. Works on any device and on float32 or float64. Integers
    below 2^24 (2^53) stay exact.

    Raises ValueError when n or ``radix`` is no power of two or the tensor is not contiguous.
    """
    size = values.shape[-1]
    if size < 1 or size & (size - 1):
        raise ValueError(f"the last dimension must be a power of two, not {size}")
    if radix < 2 or radix & (radix - 1):
        raise ValueError(f"radix must be a power of two above 1, not {radix}")
    if not values.is_contiguous():
        raise ValueError("the transform works in place and needs a contiguous tensor")
    if size == 1 or values.numel() == 0:
        return values
    rows = values.view(-1, size)
    workspace = rows.new_empty(min(rows.shape[0], max(1, BLOCK // size)), size)
    matrices = {r: hadamard_matrix(r, values.dtype, values.device) for r in _radices(size, radix)}
    for block in rows.split(workspace.shape[0]):
        _transform_block(block, workspace[: block.shape[0]], matrices, radix)
    return values


def _radices(size: int, radix: int) -> list[int]:
    """The radix of each pass, from the largest stride down."""
    passes = []
    while size > 1:
        passes.append(min(radix, size))
        size //= passes[-1]
    return passes


def _transform_block(
    block: torch.Tensor, workspace: torch.Tensor, matrices: dict[int, torch.Tensor], radix: int
) -> None:
    """H = H_r (x) H_{n/r}: one pass for each factor, to and fro between the block and the workspace."""
    source, result, stride = block, workspace, block.shape[-1]
    for r in _radices(stride, radix):
        stride //= r
        matrix = matrices[r]
        if stride == 1:
            torch.mm(source.view(-1, r), matrix, out=result.view(-1, r))
        else:
            pieces = source.view(-1, r, stride)
            torch.bmm(matrix.expand(pieces.shape[0], r, r), pieces, out=result.view(-1, r, stride))
        source, result = result, source
    if source is not block:
        block.copy_(source)


def cube_bits(indices: torch.Tensor, dimension: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """The bits ``x_i = (n >> i) & 1`` of the points with these indices, shape (..., dimension)."""
    shifts = torch.arange(dimension, device=indices.device)
    return ((indices[..., None] >> shifts) & 1).to(dtype)


def parity_signs(bits: torch.Tensor, degree: int) -> torch.Tensor:
    """``chi_v = (-1)^{v.x}`` for v the first ``degree`` coordinates; bits (..., d) of 0 and 1, result
    (...)."""
    return 1 - 2 * (bits[..., :degree].sum(-1) % 2)


def levels(dimension: int, device: torch.device | str = "cpu") -> torch.Tensor:
    """``|v|`` for every v, shape (2^dimension,)."""
    return cube_bits(torch.arange(1 << dimension, device=device), dimension, torch.int64).sum(-1)
