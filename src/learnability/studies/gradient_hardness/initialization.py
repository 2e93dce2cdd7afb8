"""Initialisations of the lecture's network; the lecture does not say which one it used, and the result
depends on it."""

import math

import torch

from learnability.sgd.hinge import Network
from learnability.studies.gradient_hardness.settings import Initialization


def draw_network(
    initialization: Initialization,
    dimension: int,
    width: int,
    generator: torch.Generator,
    noise_level: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Network:
    """A two-layer network on the device of the generator.

    - ``default``: PyTorch's ``Linear``: weights and biases U(-1, 1)/sqrt(d), readout and offset U(-1,
      1)/sqrt(m);
    - ``gaussian``: weights N(0, 1/d), biases 0, readout N(0, 1/m), offset 0;
    - ``rademacher``: weights (r + sigma g)/sqrt(d (1 + sigma^2)) with r of signs, g Gaussian and sigma the
      ``noise_level``, biases U(-1, 1), readout of signs/sqrt(m), offset 0. The rows keep their mean square
      whatever sigma.
    """
    device = generator.device

    def uniform(*shape: int) -> torch.Tensor:
        return 2 * torch.rand(*shape, generator=generator, device=device, dtype=dtype) - 1

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, device=device, dtype=dtype)

    root, nothing = math.sqrt(dimension), torch.zeros(1, device=device, dtype=dtype)
    if initialization == "default":
        weights = uniform(width, dimension + 1) / root
        readout, offset = uniform(width) / math.sqrt(width), uniform(1) / math.sqrt(width)
    elif initialization == "gaussian":
        weights = torch.cat((normal(width, dimension) / root, nothing.expand(width, 1)), 1)
        readout, offset = normal(width) / math.sqrt(width), nothing
    else:
        signs, biases = normal(width, dimension).sign(), uniform(width, 1)
        readout, offset = normal(width).sign() / math.sqrt(width), nothing
        # Drawn last, so that the rest is the same at every noise level.
        if noise_level:
            signs = (signs + noise_level * normal(width, dimension)) / math.sqrt(1 + noise_level**2)
        weights = torch.cat((signs / root, biases), 1)
    return Network(weights, readout, offset)
