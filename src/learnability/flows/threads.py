"""One thread for many small whole-array calls."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """A context in which torch keeps to one thread, as it does in every job of the workflow.

    Arrays of small matrices gain little from a second thread, and lose tenfold where another process has its core.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
