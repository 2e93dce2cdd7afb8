"""What a config of this study may say. Read before the job graph exists: nothing heavy is imported here."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from learnability.hermite.target_language import parse
from learnability.results.contract import Model, Setting

MOST_VARIABLES = 6
MOST_DEGREE = 12


def _link(text: str) -> str:
    """A link that can be learned: at least one variable, every variable used, degree and number bounded."""
    link = parse(text)
    if not link.information_exponent:
        raise ValueError(f"the link {text!r} is constant: there is nothing to learn")
    if link.degree > MOST_DEGREE or link.variables > MOST_VARIABLES:
        raise ValueError(
            f"the link {text!r} has degree {link.degree} in {link.variables} variables; "
            f"at most {MOST_DEGREE} in {MOST_VARIABLES} are feasible"
        )
    unused = [f"z{i + 1}" for i in range(link.variables) if not any(b[i] for b in link.coefficients)]
    if unused:
        raise ValueError(f"the link {text!r} does not depend on {', '.join(unused)}: number its variables from z1")
    return text


Link = Annotated[str, AfterValidator(_link)]
Dimension = Annotated[int, Field(ge=13, le=10**12)]
Form = Literal["auto", "correlation", "spectral"]


class Target(Model):
    """Links f of targets F(x) = f(W*^T x): sums of terms such as ``0.8*h1(z1)*h2(z2)`` or ``z1^2*z2``.

    Links in one list are solved in one job. With ``variables`` every link may name z1 to that variable and no other.
    """

    links: tuple[Link, ...] = Field(min_length=1)
    variables: int | None = Field(default=None, ge=1, le=MOST_VARIABLES)

    @model_validator(mode="after")
    def _known_variables(self) -> "Target":
        for link in self.links:
            parse(link, self.variables)
        if len(set(self.links)) != len(self.links):
            raise ValueError("a link stands twice in the list")
        return self


class LandscapeTarget(Target):
    """Links that belong together: what they have in common, or the axis along which ``parameters`` vary.

    ``radial`` links are functions of |z|; ``harmonic`` ones are one homogeneous harmonic polynomial (one angular
    frequency); ``mixed_parity`` ones have odd degrees, alone or beside even ones, along
    single directions; ``mixed_harmonics`` ones mix angular frequencies; ``rank`` and ``mixture`` are scans.
    ``labels`` are short names for figures.
    """

    family: Literal["radial", "harmonic", "mixed_parity", "mixed_harmonics", "general", "rank", "mixture"]
    parameters: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_for_each_link(self) -> "LandscapeTarget":
        if self.parameters and len(self.parameters) != len(self.links):
            raise ValueError(f"{len(self.parameters)} parameters for {len(self.links)} links")
        if self.labels and len(self.labels) != len(self.links):
            raise ValueError(f"{len(self.labels)} labels for {len(self.links)} links")
        return self


class FlowSetting(Setting):
    """Fields of every experiment that solves closed flows; all dimensions are solved in one batch."""

    target: Target
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    relative_tolerance: float = Field(default=1e-5, gt=0, le=1e-2)
    max_steps: int = Field(default=6000, ge=1)
    form: Form = "auto"


class EscapeSetting(FlowSetting):
    """Escape times of every saddle at several dimensions, with common random numbers across them."""

    flow: Literal["joint", "planted"]


class TrajectorySetting(FlowSetting):
    """Cosines and loss of the joint flow on a logarithmic grid of times."""

    save_times: int = Field(default=200, ge=2, le=10_000)
    first_time: float = Field(default=1e-2, gt=0)
    last_time: float = Field(gt=0)


class LandscapeSetting(FlowSetting):
    """Where the planted and the joint flow end, from the same starts."""

    target: LandscapeTarget
    flows: tuple[Literal["joint", "planted"], ...] = Field(default=("planted", "joint"), min_length=1)


class ClosureSetting(Setting):
    """The closed r x r flow against the flow of the d x r weights, both to high accuracy."""

    target: Target
    dimensions: tuple[Annotated[int, Field(ge=13, le=200)], ...] = Field(min_length=1)
    end_time: float = Field(default=40.0, gt=0)
    save_times: int = Field(default=60, ge=2)


class PrecisionSetting(FlowSetting):
    """The two forms of the joint flow on the same starts, in the target's axes and in a rotated frame.

    ``explicit_dimensions`` are those at which one start is also solved by an explicit method, to count evaluations.
    """

    explicit_dimensions: tuple[Dimension, ...] = ()
    explicit_end: float = Field(default=3.0, gt=0)
    hermite_degrees: tuple[Annotated[int, Field(ge=1, le=299)], ...] = (10, 30, 100, 200, 299)


class SamplesSetting(Setting):
    """Empirical two-timescale descent at one dimension: the link is refitted by ridge regression at every step."""

    target: Target
    dimension: int = Field(ge=2, le=4096)
    sample_counts: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=2)
    methods: tuple[Literal["small_steps", "line_search"], ...] = Field(
        default=("small_steps", "line_search"), min_length=1
    )
    step_size: float = Field(default=0.5, gt=0)
    small_steps: int = Field(default=2000, ge=1)
    searched_steps: int = Field(default=200, ge=1)
    ridge: float = Field(default=0.3, gt=0)
    mehler: float = Field(default=0.8, gt=0, lt=1)
    features: int = Field(default=4, ge=1, le=MOST_DEGREE)

    @model_validator(mode="after")
    def _rising(self) -> "SamplesSetting":
        if list(self.sample_counts) != sorted(set(self.sample_counts)):
            raise ValueError("sample_counts must rise")
        if len(self.target.links) != 1:
            raise ValueError("give one link: each has its own numbers of samples")
        if parse(self.target.links[0]).degree > self.features:
            raise ValueError("the features must reach the degree of the link")
        return self


KINDS: dict[str, type[Setting]] = {
    "escape": EscapeSetting,
    "trajectory": TrajectorySetting,
    "landscape": LandscapeSetting,
    "closure": ClosureSetting,
    "precision": PrecisionSetting,
    "samples": SamplesSetting,
}
