"""The walk itself."""

import atexit
import os
import time

import numpy as np
import xarray as xr


def _tell(step):
    """For tests of interruptions: note at which step an attempt begins, and keep the first one from ending in time."""
    if "DEMO_ATTEMPTS" in os.environ:
        with open(os.environ["DEMO_ATTEMPTS"], "a") as out:
            out.write(f"{step}\n")
        with open(os.environ["DEMO_ATTEMPTS"]) as told:
            if len(told.readlines()) == 1:
                atexit.register(time.sleep, float(os.environ.get("DEMO_LINGER_SECONDS", "0")))


def train(setting, target, context):
    rng = context.stream("init")
    state = context.checkpoint.load()
    step = 0 if state is None else int(state["step"])
    position = rng.standard_normal((len(context.seeds), setting.dimension)) if state is None else state["position"]
    drift = float(target["values"].sum())
    _tell(step)
    while step < setting.steps:
        time.sleep(float(os.environ.get("DEMO_STEP_SECONDS", "0")))
        position = np.cos(position + drift)
        step += 1
        context.progress(step, setting.steps)
        if context.checkpoint.due():
            context.checkpoint.save({"step": np.array(step), "position": position})
    return xr.Dataset({"mean": ("seed", position.mean(1), {"units": "1", "long_name": "mean"})})
