"""What ``DEVICE=auto`` means: CUDA for the experiments that were measured to be faster there, the CPU for all others.

``workflow/devices.json`` holds, scale by scale, the seconds of one training of each experiment on a GPU and on one
core, with the name of the card. ``make gpu-check WRITE=1`` measures and writes it. What nobody measured, and what
is less than 1.5 times as fast there, runs on the CPU. ``DEVICE=cuda`` takes the GPU whatever the table says.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from learnability.results.errors import UserError

FILE = Path("workflow/devices.json")
# By how much a GPU must be faster than one core: one job at a time uses it, while every core has one.
_LEAD = 1.5


def _measured(scale: str, path: Path) -> dict[str, dict[str, float]]:
    """Seconds by experiment and device; empty where nothing was measured or the table cannot be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["seconds"][scale])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _faster(seconds: Mapping[str, float]) -> bool:
    return _LEAD * seconds.get("cuda", float("inf")) < seconds.get("cpu", 0.0)


def faster_on_gpu(study: str, experiment: str, scale: str, path: Path = FILE) -> bool:
    """Whether the table says that an experiment is clearly faster on a GPU at this scale."""
    return _faster(_measured(scale, path).get(f"{study}/{experiment}", {}))


def demand_cuda() -> None:
    """Raise UserError where torch sees no CUDA device."""
    import torch

    if not torch.cuda.is_available():
        problem, remedy = "cuda was asked for, and torch sees no CUDA device", "use DEVICE=cpu"
        raise UserError("DEVICE", problem, "auto, cpu, cuda", remedy)


def described(scale: str, path: Path = FILE) -> str:
    """What ``DEVICE=auto`` rests on, in a sentence."""
    found = _measured(scale, path)
    if not found:
        return f"DEVICE=auto takes the CPU: nothing of the scale {scale} was measured on a GPU (make gpu-check WRITE=1)"
    faster = sum(_faster(seconds) for seconds in found.values())
    card = json.loads(path.read_text(encoding="utf-8")).get("measured_on", "a GPU")
    return (
        f"DEVICE=auto takes CUDA, where there is one, for {faster} of the {len(found)} experiments measured on {card}"
    )
