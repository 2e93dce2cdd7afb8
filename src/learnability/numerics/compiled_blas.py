"""Matrix products inside compiled loops, by the BLAS that SciPy brings.

Rows of a matrix must be contiguous. A product runs on as many threads as the library is set to, so a caller whose
threads share the work holds it to one (:func:`one_blas_thread`).
"""

from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import types
from numba.extending import get_cython_function_address, overload
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

# Every argument of gemm is an address. A symbol, unlike a ctypes function, may stand in machine code that is cached.
_GEMM: dict[Any, Any] = {}
for _dtype, _name in ((types.float32, "sgemm"), (types.float64, "dgemm")):
    llvm.add_symbol(f"learnability_{_name}", get_cython_function_address("scipy.linalg.cython_blas", _name))
    _GEMM[_dtype] = types.ExternalFunction(f"learnability_{_name}", types.void(*[types.intp] * 13))


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which a product keeps to the thread that asks for it."""
    return _controller().limit(limits=1)


def times_transposed(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """out = A B^T for A (m, k), B (n, k), out (m, n), all float32 or all float64."""
    np.matmul(a, b.T, out=out)


def product(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """out = A B for A (m, k), B (k, n), out (m, n), all float32 or all float64."""
    np.matmul(a, b, out=out)


def add_product(a: NDArray[Any], b: NDArray[Any], out: NDArray[Any]) -> None:
    """out += A B for A (m, k), B (k, n), out (m, n), all float32 or all float64."""
    out += a @ b


def _gemm(dtype: Any, order: bytes, kept: int) -> Any:
    """out = kept out + A B or A B^T (``order`` b"NN" or b"TN"), as compiled code for BLAS.

    BLAS counts columns first and so sees the transposed matrices: out^T = B^T A^T.
    """
    gemm, of_b, of_a = _GEMM[dtype], order[0], order[1]

    def call(a, b, out):  # type: ignore[no-untyped-def]
        letters, factors = np.array([of_b, of_a], np.uint8), np.array([1, kept], out.dtype)
        size, row = np.empty(6, np.int32), out.itemsize
        size[0], size[1], size[2] = out.shape[1], out.shape[0], a.shape[1]
        size[3], size[4], size[5] = b.strides[0] // row, a.strides[0] // row, out.strides[0] // row
        t, n, x = letters.ctypes.data, size.ctypes.data, factors.ctypes.data
        data = a.ctypes.data, b.ctypes.data, out.ctypes.data
        gemm(t, t + 1, n, n + 4, n + 8, x, data[1], n + 12, data[0], n + 16, x + row, data[2], n + 20)

    return call


@overload(times_transposed)
def _times_transposed(a, b, out):  # type: ignore[no-untyped-def]
    return _gemm(out.dtype, b"TN", 0)


@overload(product)
def _product(a, b, out):  # type: ignore[no-untyped-def]
    return _gemm(out.dtype, b"NN", 0)


@overload(add_product)
def _add_product(a, b, out):  # type: ignore[no-untyped-def]
    return _gemm(out.dtype, b"NN", 1)
