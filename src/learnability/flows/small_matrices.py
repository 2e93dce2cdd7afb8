"""Products of many small matrices with the sample axis last: (p, q, sample) times (q, s, sample).

One vector operation over samples for a whole product: for matrices of a few rows this beats batched BLAS.
"""

import torch
from torch import Tensor


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """The product (p, s, ...) of (p, q, ...) and (q, s, ...); trailing axes broadcast."""
    return (a[:, :, None] * b[None]).sum(dim=1)


def transpose(a: Tensor) -> Tensor:
    """(q, p, ...) of (p, q, ...)."""
    return a.transpose(0, 1)


def identity(size: int, like: Tensor) -> Tensor:
    """The identity (size, size, 1)."""
    return torch.eye(size, dtype=like.dtype, device=like.device)[:, :, None]


def inverse(matrix: Tensor) -> Tensor:
    """Inverses of (n, n, sample) matrices: closed form for n <= 2, else with pivoting; not finite where singular."""
    if matrix.shape[0] == 1:
        return matrix.reciprocal()
    if matrix.shape[0] == 2:
        (a, b), (c, d) = matrix
        return torch.stack([d, -b, -c, a]).div_(a * d - b * c).view_as(matrix)
    return torch.linalg.inv_ex(matrix.permute(2, 0, 1).contiguous())[0].permute(1, 2, 0).contiguous()


def inverse_definite(a: Tensor) -> Tensor:
    """Inverse of symmetric positive definite matrices (r, r, sample), without pivoting."""
    r = a.shape[0]
    if r == 1:
        return a.reciprocal()
    if r == 2:
        determinant = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
        adjugate = torch.stack([a[1, 1], -a[0, 1], -a[1, 0], a[0, 0]]).view(2, 2, -1)
        return adjugate / determinant
    work = torch.cat([a, identity(r, a).expand_as(a)], dim=1)
    for k in range(r):
        row = work[k] / work[k, k]
        column = work[:, k].clone()
        column[k] -= 1
        work = work - column[:, None] * row
    return work[:, r:]


def orthonormal_columns(a: Tensor) -> tuple[Tensor, Tensor]:
    """(Q, R) of (r, r, sample) by modified Gram-Schmidt; accurate when the columns fall in size."""
    columns, r = list(a.unbind(dim=1)), a.shape[1]
    upper = torch.zeros_like(a)
    for j in range(r):
        for i in range(j):
            upper[i, j] = (columns[i] * columns[j]).sum(dim=0)
            columns[j] = columns[j] - columns[i] * upper[i, j]
        upper[j, j] = columns[j].square().sum(dim=0).sqrt()
        columns[j] = columns[j] / upper[j, j]
    return torch.stack(columns, dim=1), upper
