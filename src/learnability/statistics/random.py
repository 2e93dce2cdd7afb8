"""From numpy's generators, which name the random streams, to torch's."""

import numpy as np
import torch


def torch_generator(rng: np.random.Generator, device: str | torch.device = "cpu") -> torch.Generator:
    """A torch generator on ``device`` seeded from the next number of ``rng``; the global generator is not
    touched."""
    generator = torch.Generator(device=device)
    generator.manual_seed(int(rng.integers(2**63 - 1)))
    return generator
