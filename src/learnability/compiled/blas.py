"""Matrix products inside compiled loops, by the BLAS that SciPy brings.

Numba's ``np.dot(a, b, out)`` calls the same library and gives the same bytes, but it cannot add to ``out``, as the
update of the weights does: that would take a buffer, one more pass and another rounding. Rows of a matrix must be
contiguous. A product runs on as many threads as the library is set to.
"""

from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import types
from numba.extending import get_cython_function_address, overload
from numpy.typing import NDArray

# Every argument of gemm is an address. A symbol, unlike a ctypes function, may stand in machine code that is cached.
_GEMM: dict[Any, Any] = {}
_PLAIN, _TRANSPOSED = ord("N"), ord("T")
for _dtype, _name in ((types.float32, "sgemm"), (types.float64, "dgemm")):
    llvm.add_symbol(f"learnability_{_name}", get_cython_function_address("scipy.linalg.cython_blas", _name))
    _GEMM[_dtype] = types.ExternalFunction(f"learnability_{_name}", types.void(*[types.intp] * 13))


def multiply(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any], transposed: bool, add: bool) -> None:
    """out = A B, or A B^T where ``transposed``; added to ``out`` where ``add``.

    A (m, k), B (k, n) or transposed (n, k), out (m, n), all float32 or all float64. In compiled code a call of BLAS.
    """
    out[:] = out * add + a @ (b.T if transposed else b)


@overload(multiply)
def _multiply(a, b, out, transposed, add):  # type: ignore[no-untyped-def]
    gemm = _GEMM[out.dtype]

    def call(a, b, out, transposed, add):  # type: ignore[no-untyped-def]
        # BLAS counts columns first and so sees the transposed matrices: out^T = B^T A^T.
        letters, size, factors = np.empty(2, np.uint8), np.empty(6, np.int32), np.empty(2, out.dtype)
        letters[0], letters[1] = _TRANSPOSED if transposed else _PLAIN, _PLAIN
        factors[0], factors[1] = 1, 1 if add else 0
        row = out.itemsize
        size[0], size[1], size[2] = out.shape[1], out.shape[0], a.shape[1]
        # A single row may have any stride, and BLAS wants at least its length.
        size[3] = max(b.strides[0] // row, b.shape[1])
        size[4] = max(a.strides[0] // row, a.shape[1])
        size[5] = max(out.strides[0] // row, out.shape[1])
        t, n, x = letters.ctypes.data, size.ctypes.data, factors.ctypes.data
        a_at, b_at, out_at = a.ctypes.data, b.ctypes.data, out.ctypes.data
        gemm(t, t + 1, n, n + 4, n + 8, x, b_at, n + 12, a_at, n + 16, x + row, out_at, n + 20)

    return call
