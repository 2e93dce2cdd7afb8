"""Named random streams. A stream depends on its names and the root seed, never on the order of anything."""

import hashlib

import numpy as np


def batch_names(study: str, experiment: str, setting: str, seeds: range) -> tuple[str, str, str, str]:
    """What names the streams of a training, but for their purpose; ``setting`` is the name of its stream."""
    return study, experiment, setting, f"seeds {seeds.start}-{seeds.stop}"


def stream(root_seed: int, *names: str) -> np.random.Generator:
    """The generator named by ``names`` (study, experiment, setting, seed batch, purpose).

    Each name becomes a 128-bit spawn key of one :class:`numpy.random.SeedSequence`, so that two different
    lists of names give independent streams and ("ab", "c") differs from ("a", "bc").
    """
    keys: list[int] = []
    for name in names:
        digest = hashlib.sha256(name.encode()).digest()
        keys += [int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4)]
    return np.random.default_rng(np.random.SeedSequence(root_seed, spawn_key=tuple(keys)))
