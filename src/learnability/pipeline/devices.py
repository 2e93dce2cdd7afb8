"""What ``DEVICE=auto`` means: CUDA for the experiments that were measured to be faster there, the CPU for all others.

``workflow/devices.json`` holds the seconds of one training of each experiment on a GPU and on one core, with the name
of the card. ``make gpu-check WRITE=1`` measures and writes it. An experiment that nobody measured runs on the CPU: that
there is a GPU does not say that it is faster. ``DEVICE=cuda`` takes the GPU whatever the table says.
"""

import json
from pathlib import Path

FILE = Path("workflow/devices.json")


def _measured(path: Path) -> dict[str, dict[str, float]]:
    """Seconds by experiment and device; empty where nothing was measured or the table cannot be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def faster_on_gpu(study: str, experiment: str, path: Path = FILE) -> bool:
    """Whether the table says that an experiment takes less time on a GPU."""
    found = _measured(path).get(f"{study}/{experiment}", {})
    return found.get("cuda", float("inf")) < found.get("cpu", 0.0)


def described(path: Path = FILE) -> str:
    """What ``DEVICE=auto`` rests on, in a sentence."""
    found = _measured(path)
    if not found:
        return "DEVICE=auto takes the CPU: no experiment was measured on a GPU (make gpu-check WRITE=1)"
    faster = sum(seconds.get("cuda", float("inf")) < seconds.get("cpu", 0.0) for seconds in found.values())
    card = json.loads(path.read_text(encoding="utf-8")).get("measured_on", "a GPU")
    return (
        f"DEVICE=auto takes CUDA, where there is one, for {faster} of the {len(found)} experiments measured on {card}"
    )
