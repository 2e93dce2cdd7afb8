"""A measure of one's own in the config: quantiles of each coordinate, or a file of samples.

    measure: [{name: mine, quantiles: [[0.0, 0.1, 0.5, 1.0]]}, {name: data, samples: data/targets.npy}]

``quantiles`` holds one list a coordinate (the last serves all that follow): the quantiles at equally spaced
probabilities 0, ..., 1, linear between; repeated values are atoms. ``samples`` is a ``.npy`` or ``.csv`` file of one
target a row; the measure is uniform on its rows.
"""

import hashlib
import io
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from learnability.results.contract import Model

if TYPE_CHECKING:
    import numpy as np

    from learnability.studies.two_parameter.measures import Measure

LEAST_ROWS = 100


class OwnMeasure(Model):
    """A measure given by quantiles or by samples. ``sha256`` is filled in from the file, never written by hand."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    quantiles: tuple[tuple[float, ...], ...] = ()
    samples: str = ""
    sha256: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> "OwnMeasure":
        if bool(self.quantiles) == bool(self.samples):
            raise ValueError(f"measure {self.name!r}: give quantiles or samples, one of the two")
        if self.sha256 and not self.samples:
            raise ValueError(f"measure {self.name!r}: sha256 belongs to samples; remove it")
        for j, values in enumerate(self.quantiles):
            if len(values) < 2 or any(a > b for a, b in pairwise(values)):
                raise ValueError(f"measure {self.name!r}, quantiles[{j}]: at least two numbers in ascending order")
        if self.quantiles and min(values[0] for values in self.quantiles) >= max(v[-1] for v in self.quantiles):
            raise ValueError(f"measure {self.name!r}: all mass in one point; spread the quantiles")
        if self.samples:
            content = _content(self.samples)
            digest = hashlib.sha256(content).hexdigest()
            if self.sha256 and self.sha256 != digest:
                raise ValueError(f"{self.samples} has changed since the run was planned: start the run again")
            _rows(self.samples, content)
            # A file that changes is another measure, whose runs are run again: the digest is part of the setting.
            object.__setattr__(self, "sha256", digest)
        return self

    def dimension(self) -> int | None:
        """The dimension of the samples; None where any dimension will do.

        Raises ValueError for a file of samples that cannot be read or used.
        """
        return int(_rows(self.samples, _content(self.samples)).shape[1]) if self.samples else None

    def measure(self) -> "Measure":
        """The measure itself.

        Raises ValueError for a file of samples that cannot be read or used.
        """
        from learnability.studies.two_parameter.measures import Component, Mixture, Points, quantile_table

        if self.samples:
            return Points(_rows(self.samples, _content(self.samples)))
        support = min(values[0] for values in self.quantiles), max(values[-1] for values in self.quantiles)
        return Mixture((Component(tuple(quantile_table(values) for values in self.quantiles)),), support)


def _content(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"samples = {path!r} cannot be read ({error.strerror}): name an existing file") from None


def _rows(path: str, content: bytes) -> "np.ndarray":
    """The targets (n, d) in a file's bytes."""
    import numpy as np

    if path.endswith(".npy"):
        try:
            rows = np.load(io.BytesIO(content), allow_pickle=False)
        except ValueError as error:
            raise ValueError(f"samples = {path!r} holds no NumPy array ({error}): save one with numpy.save") from None
    elif path.endswith(".csv"):
        try:
            rows = np.loadtxt(io.BytesIO(content), delimiter=",", ndmin=2)
        except ValueError as error:
            raise ValueError(f"samples = {path!r}: {error}; allowed are rows of numbers, separated by commas") from None
    else:
        raise ValueError(f"samples = {path!r}: allowed are .npy and .csv files")
    if rows.ndim != 2 or rows.shape[1] < 3 or len(rows) < LEAST_ROWS:
        raise ValueError(
            f"samples = {path!r} has the shape {rows.shape}: give at least {LEAST_ROWS} rows of at least 3 coordinates"
        )
    if rows.dtype.kind not in "fiu" or not math.isfinite(float(np.abs(rows.astype(float)).sum())):
        raise ValueError(f"samples = {path!r} holds values that are not finite numbers: remove those rows")
    rows = rows.astype(float)
    if rows.min() >= rows.max():
        raise ValueError(f"samples = {path!r}: all mass in one point; give targets that differ")
    return rows
