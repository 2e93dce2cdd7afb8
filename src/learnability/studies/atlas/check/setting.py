"""What a config may say of a check."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from learnability.results.contract import Setting
from learnability.studies.atlas.settings import Target

Method = Literal[
    "online_sgd", "reused_samples", "two_timescale", "partial_trace", "best_transform", "u_statistic", "kernel_ridge"
]
METHODS: tuple[Method, ...] = get_args(Method)


class CheckSetting(Setting):
    """Methods at several dimensions, on the same samples; a seed's samples are nested.

    Numbers of samples run from 100 to ``most_samples`` in quarters of a decade; kernels, pairs of samples and descent
    on the whole batch stop at ``most_kernel``, ``most_pairs`` and ``most_batch``, where their cost does.
    """

    target: Target
    dimensions: tuple[Annotated[int, Field(ge=16, le=2000)], ...] = Field(min_length=1)
    methods: tuple[Method, ...] = METHODS
    most_samples: int = Field(default=100_000, ge=1000)
    most_online: int = Field(default=316_228, ge=1000)
    most_pairs: int = Field(default=31_623, ge=1000)
    most_kernel: int = Field(default=1778, ge=100)
    most_batch: int = Field(default=3162, ge=100)
