"""What can be set in this study: one frozen model for each kind of experiment."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from learnability.results.contract import Model, Setting

Initialization = Literal["default", "gaussian", "rademacher"]
Coding = Literal["sign", "bit"]
Degree = Literal["full", "half"] | Annotated[int, Field(ge=1, le=62)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
CubeDimension = Annotated[int, Field(ge=2, le=24)]


def degree_of(degree: Degree, dimension: int) -> int:
    """``|v|`` of the parity: all coordinates, the rounded-down half of them, or a number."""
    if degree == "full":
        return dimension
    return dimension // 2 if degree == "half" else int(degree)


class HalfspaceClass(Model):
    """Intersections of k halfspaces with natural weights on {-1, 1}^d, and parities up to
    ``parity_dimension``."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=20)], ...] = Field(min_length=1)
    intersections: tuple[Count, ...] = Field(min_length=1)
    largest_weight: Count = 3
    parity_dimensions: tuple[Annotated[int, Field(ge=1, le=20)], ...] = Field(min_length=1)
    reduced_dimensions: tuple[Count, ...] = (100, 1000)

    @model_validator(mode="after")
    def _paired(self) -> "HalfspaceClass":
        if len(self.dimensions) != len(self.intersections):
            raise ValueError("dimensions and intersections are pairs and must be equally long")
        return self


class OrthonormalClasses(Model):
    """Parities on the cube, and cosines of frequency sqrt(d) under the standard Gaussian."""

    parity_dimensions: tuple[Annotated[int, Field(ge=1, le=12)], ...] = Field(min_length=1)
    packing_dimensions: tuple[Annotated[int, Field(ge=2, le=16)], ...] = Field(min_length=1)
    cosine_dimensions: tuple[Annotated[int, Field(ge=2, le=400)], ...] = Field(min_length=1)


class AllParities(Model):
    """All 2^d parities of {-1, 1}^d, for each of the dimensions."""

    dimensions: tuple[CubeDimension, ...] = Field(min_length=1)


class Parity(Model):
    """The parity of the first ``degree`` coordinates (initialisations are exchangeable in the
    coordinates)."""

    dimensions: tuple[Annotated[int, Field(ge=2, le=62)], ...] = Field(min_length=1)
    degree: Degree = "full"

    @model_validator(mode="after")
    def _degree_fits(self) -> "Parity":
        if isinstance(self.degree, int) and self.degree > min(self.dimensions):
            raise ValueError(f"degree {self.degree} exceeds the dimension {min(self.dimensions)}")
        return self


class DriftModels(Model):
    """Parities under which gradient flow drifts: dimensions of the lifted model and of the sine committee."""

    lifted_dimensions: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = Field(min_length=1)
    simulated_dimensions: tuple[Annotated[int, Field(ge=2, le=12)], ...] = (6, 8, 10)
    # With weights N(0,1) the drift at d = 100 is the rounding error of an angle.
    sine_dimensions: tuple[Annotated[int, Field(ge=2, le=64)], ...] = Field(min_length=1)
    small_weight_dimensions: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = Field(min_length=1)


class SineNeuron(Model):
    """The target sin(2 pi L w*.x) in two dimensions, |w*| = 1 at ``angle``."""

    frequencies: tuple[Positive, ...] = Field(min_length=1)
    angle: float = 0.3


class RepresentationSetting(Setting):
    """Halfspaces and parities as ReLU networks, by exhaustive enumeration; a seed is one draw of the
    halfspaces."""

    target: HalfspaceClass


class ClassSetting(Setting):
    """SQ dimensions, packings and the variance of the gradient over the cosine class."""

    target: OrthonormalClasses
    candidates: Count = 20000
    packing_limit: Count = 4000


class VarianceSetting(Setting):
    """Variance of the gradient over all parities, by Walsh-Hadamard transform; ``neurons`` goes with the
    dimensions."""

    target: AllParities
    initializations: tuple[Initialization, ...] = ("default", "gaussian", "rademacher")
    neurons: tuple[Count, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _paired(self) -> "VarianceSetting":
        if len(self.neurons) != len(self.target.dimensions):
            raise ValueError("neurons and target.dimensions are pairs and must be equally long")
        return self


class ThresholdSetting(Setting):
    """``lambda_v`` of a first layer that goes from Rademacher to Gaussian."""

    target: Parity
    noise_levels: tuple[Annotated[float, Field(ge=0)], ...] = Field(min_length=1)
    width: Count = 2000
    step_size: Positive = 0.002


class DriftSetting(Setting):
    """Distance that gradient flow travels, on average over the parities; ``neurons`` are samples for each
    dimension and seed."""

    target: DriftModels
    times: tuple[Positive, ...] = Field(min_length=1)
    small_weight_times: tuple[Positive, ...] = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
    neurons: Count = 2000
    time_step: Positive = 0.05


class LandscapeSetting(Setting):
    """Population and empirical risk of a sine neuron on [-half_width, half_width]^2; a seed is one sample."""

    target: SineNeuron
    sample_sizes: tuple[Annotated[int, Field(ge=2)], ...] = Field(min_length=1)
    points_per_unit: Annotated[int, Field(ge=8)] = 60
    half_width: Positive = 2.0


class TrainingSetting(Setting):
    """Online SGD of a two-layer ReLU network on a parity until its goals or the horizon are reached.

    The run ends when the accuracy and, where there is a ``loss_goal``, the hinge loss have both been reached.
    """

    target: Parity
    initialization: Initialization = "default"
    coding: Coding = "sign"
    width: Count = 2000
    batch_size: Count = 2000
    step_size: Positive = 0.002
    max_steps: Count = 20000
    accuracy_goal: Annotated[float, Field(gt=0.5, le=1)] = 1.0
    loss_goal: Positive | None = None
    # Above this dimension a run ends at its accuracy goal; the steps to the loss goal are then not measured.
    largest_loss_goal_dimension: Annotated[int, Field(ge=0)] = 62
    # lambda_v by enumeration of the cube, for the prediction of the time: 2^d m d operations.
    predict: bool = True

    def loss_goal_at(self, dimension: int) -> float | None:
        """The loss goal of a run at this dimension, None where only the accuracy counts."""
        return self.loss_goal if dimension <= self.largest_loss_goal_dimension else None


KINDS: dict[str, type[Setting]] = {
    "representation": RepresentationSetting,
    "orthonormal_classes": ClassSetting,
    "gradient_variance": VarianceSetting,
    "initialization_noise": ThresholdSetting,
    "drift": DriftSetting,
    "landscape": LandscapeSetting,
    "training": TrainingSetting,
}
