"""What a config may say of where flows end."""

from typing import Literal

from pydantic import Field, model_validator

from learnability.studies.multi_index.settings import Flow, FlowSetting, Target


class LandscapeTarget(Target):
    """Links that belong together: what they have in common, or the axis along which ``parameters`` vary.

    ``radial`` links are functions of |z|. ``harmonic`` and ``zonal`` ones are one homogeneous harmonic polynomial (one
    angular frequency): of two variables, or without an axis of symmetry; and of three variables, unchanged by the
    rotations about an axis. ``odd`` ones are sums of ridges h3, a scan over their number; ``mixed_parity`` ones have
    odd degrees beside even ones; ``mixed_harmonics`` ones mix angular frequencies; ``general`` ones are of no family;
    ``rank`` and ``mixture`` are scans. ``labels`` are short names for figures.
    """

    family: Literal[
        "radial", "harmonic", "zonal", "odd", "mixed_parity", "mixed_harmonics", "general", "rank", "mixture"
    ]
    parameters: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_for_each_link(self) -> "LandscapeTarget":
        if self.parameters and len(self.parameters) != len(self.links):
            raise ValueError(f"{len(self.parameters)} parameters for {len(self.links)} links")
        if self.labels and len(self.labels) != len(self.links):
            raise ValueError(f"{len(self.labels)} labels for {len(self.links)} links")
        return self


class LandscapeSetting(FlowSetting):
    """Where the planted and the joint flow end, from the same starts."""

    target: LandscapeTarget
    flows: tuple[Flow, ...] = Field(default=("planted", "joint"), min_length=1)
