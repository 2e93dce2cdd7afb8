"""Random streams depend on names, and on nothing else."""

import numpy as np
import pytest
from scipy import stats

from learnability.pipeline.streams import batch_names, stream

NAMES = ("multi_index", "escape", "0123456789", "seeds 0-64", "init")


def test_the_same_names_give_the_same_numbers() -> None:
    assert np.array_equal(stream(1, *NAMES).random(5), stream(1, *NAMES).random(5))


def test_numbers_are_stable_across_versions_of_this_package() -> None:
    """A golden value: a change here silently changes every result of every study."""
    assert stream(20231031, *NAMES).integers(2**32, size=3).tolist() == GOLDEN


GOLDEN = [4074497939, 2615969748, 622189316]


def test_a_batch_has_the_name_that_it_always_had() -> None:
    assert batch_names("multi_index", "escape", "0123456789", range(0, 64)) == NAMES[:-1]


@pytest.mark.parametrize("place", range(len(NAMES)))
def test_each_name_and_the_root_seed_matter(place: int) -> None:
    other = tuple(name + "x" if i == place else name for i, name in enumerate(NAMES))
    assert not np.array_equal(stream(1, *NAMES).random(5), stream(1, *other).random(5))
    assert not np.array_equal(stream(1, *NAMES).random(5), stream(2, *NAMES).random(5))


def test_names_are_not_simply_joined() -> None:
    assert stream(1, "ab", "c").random() != stream(1, "a", "bc").random()
    assert stream(1, "a", "b").random() != stream(1, "b", "a").random()


def test_streams_of_neighbouring_batches_are_uncorrelated() -> None:
    """Correlation of 200 pairs of streams; false-alarm rate 1e-4 (normal tail at 3.9 standard errors)."""
    first = np.concatenate([stream(1, "s", f"seeds {i}-{i + 1}").standard_normal(500) for i in range(200)])
    second = np.concatenate([stream(1, "s", f"seeds {i + 1}-{i + 2}").standard_normal(500) for i in range(200)])
    shifted = np.concatenate([stream(1, "t", f"seeds {i}-{i + 1}").standard_normal(500) for i in range(200)])
    bound = stats.norm.isf(0.5e-4) / np.sqrt(first.size)
    assert abs(np.corrcoef(first, shifted)[0, 1]) < bound
    assert abs(np.corrcoef(first[::2], second[1::2])[0, 1]) < bound * np.sqrt(2)
