"""Guards for every test: nothing may touch the global random generators, torch's defaults or the environment."""

import os
import sys
from collections.abc import Iterator
from typing import Any

from learnability.pipeline import surroundings

# As jobs run, and because the workers of pytest-xdist share the cores: their threads would wait for one another.
os.environ |= surroundings.threads(1)

import numpy as np
import pytest


def _global_state() -> dict[str, Any]:
    state: dict[str, Any] = {"numpy": np.random.get_state()[1].tobytes()}  # noqa: NPY002
    # What a run would see of it: a variable that one test leaves behind is another run to the next.
    # torch tells its own compiler where its cache is.
    own = ("PYTEST_", "TORCHINDUCTOR_")
    state["environment"] = {n: v for n, v in surroundings.clean().items() if not n.startswith(own)}
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        state["torch"] = torch.get_rng_state().numpy().tobytes()
        state["dtype"] = torch.get_default_dtype()
    return state


@pytest.fixture(autouse=True)
def _global_state_stays() -> Iterator[None]:
    before = _global_state()
    yield
    after = _global_state()
    changed = [name for name in before if before[name] != after[name]]
    assert not changed, f"the test changed the global state of {changed}"
