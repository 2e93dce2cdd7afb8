"""The walk itself."""

import atexit
import os
import time

import numpy as np
import xarray as xr


def _pause(step):
    """Seconds of a step. Tests of interruptions note where each attempt begins; all but the first one are fast."""
    seconds = float(os.environ.get("DEMO_STEP_SECONDS", "0"))
    if "DEMO_ATTEMPTS" not in os.environ:
        return seconds
    with open(os.environ["DEMO_ATTEMPTS"], "a+") as attempts:
        attempts.write(f"{step}\n")
        attempts.seek(0)
        first = len(attempts.readlines()) == 1
    if first:  # it may be kept from ending although its work is done
        atexit.register(time.sleep, float(os.environ.get("DEMO_LINGER_SECONDS", "0")))
    return seconds if first else 0.0


def train(setting, target, context):
    rng = context.stream("init")
    state = context.checkpoint.load()
    step = 0 if state is None else int(state["step"])
    position = rng.standard_normal((len(context.seeds), setting.dimension)) if state is None else state["position"]
    drift = float(target["values"].sum())
    pause = _pause(step)
    while step < setting.steps:
        time.sleep(pause)
        position = np.cos(position + drift)
        step += 1
        context.progress(step, setting.steps)
        if context.checkpoint.due():
            context.checkpoint.save({"step": np.array(step), "position": position})
    return xr.Dataset({"mean": ("seed", position.mean(1), {"units": "1", "long_name": "mean"})})
