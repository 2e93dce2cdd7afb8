"""What a config may say of exponents."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from learnability.results.contract import Model, Setting
from learnability.studies.atlas.settings import answerable

Method = Literal["online_sgd", "reused_samples", "partial_trace", "best_transform", "u_statistic", "kernel_ridge"]
METHODS: tuple[Method, ...] = get_args(Method)
SEEDS: dict[Method, int] = {
    "online_sgd": 14,
    "reused_samples": 14,
    "partial_trace": 28,
    "best_transform": 14,
    "u_statistic": 28,
    "kernel_ridge": 20,
}
"""Cheap methods have the seeds that decide their claims; those of SGD would take minutes, and are fewer."""
LEARNED_SHARE = 0.75
"""The share of the seeds that must have learned at every dimension for an exponent to be measured."""
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
    ``most_kernel`` for a kernel. A method that ``most_seeds`` names runs on the first so many seeds alone.
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
    most_seeds: dict[Method, Annotated[int, Field(ge=1)]] = Field(default_factory=lambda: dict(SEEDS))

    def asked(self, method: str, seeds: range) -> int:
        """How many of ``seeds``, the first ones, a method runs on."""
        return len(range(seeds.start, min(self._most(method) or seeds.stop, seeds.stop)))

    def bearable(self, method: str, seeds: range) -> float:
        """How many of ``seeds`` may not learn before there can be no exponent, whatever other batches say.

        Half of the batch where the number of a method's seeds is not declared.
        """
        most = self._most(method)
        return len(seeds) / 2 if most is None else (1 - LEARNED_SHARE) * most

    def _most(self, method: str) -> int | None:
        return {str(name): most for name, most in self.most_seeds.items()}.get(method)
