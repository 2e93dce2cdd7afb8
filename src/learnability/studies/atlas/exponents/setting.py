"""What a config may say of exponents."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from learnability.results.contract import Model, Setting
from learnability.studies.atlas.settings import answerable

Method = Literal["online_sgd", "reused_samples", "partial_trace", "best_transform", "u_statistic", "kernel_ridge"]
METHODS: tuple[Method, ...] = get_args(Method)
Dimensions = Annotated[tuple[Annotated[int, Field(ge=6, le=4096)], ...], Field(min_length=2)]


class Targets(Model):
    """Several targets, as texts in the target language: one job for all, since most cost less than its start."""

    texts: tuple[Annotated[str, AfterValidator(answerable)], ...] = Field(min_length=1)


class ExponentsSetting(Setting):
    """Samples that a method needs, at dimensions that depend on what theory predicts.

    A method with the predicted exponent p runs at ``dimensions[p]``, kernel ridge at ``kernel_dimensions[p]``: small
    ones where p is large. Methods on pairs of samples (generative leap 3 or 4) run at ``pair_dimensions[p]`` and
    partial traces, which cost the least, at ``trace_dimensions[p]``, where these are given. The number of samples is
    doubled, then bisected. It ends where the inputs (samples times dimension) hold ``most_online`` numbers for one
    pass or ``most_batch`` for matrix methods, at ``most_pairs`` samples for pairs at degree 3 and 4, and at
    ``most_kernel`` for a kernel.
    """

    target: Targets
    methods: tuple[Method, ...] = METHODS
    dimensions: dict[Literal["1", "1.5", "2", "3"], Dimensions]
    kernel_dimensions: dict[Literal["1", "2", "3", "4"], Dimensions]
    trace_dimensions: dict[Literal["1.5", "2"], Dimensions] = Field(default_factory=dict)
    pair_dimensions: dict[Literal["1.5", "2"], Dimensions] = Field(default_factory=dict)
    most_online: int = Field(default=40_000_000, ge=10_000)
    most_batch: int = Field(default=4_000_000, ge=10_000)
    most_pairs: int = Field(default=4096, ge=100)
    most_kernel: int = Field(default=3000, ge=100)
