"""What is asked of the workflow engine beyond its command line."""

import pytest
from snakemake.settings.types import MaxJobsPerTimespan, SchedulingSettings

from learnability.pipeline.engine import drop_default_limit


@pytest.mark.parametrize(("named", "left"), [("100/1s", None), ("5/1m", (5, 60)), (None, None)])
def test_the_default_limit_of_jobs_goes_and_a_named_one_stays(named: str | None, left: tuple[int, int] | None) -> None:
    limit = MaxJobsPerTimespan.parse_choice(named) if named else None
    settings = SchedulingSettings(max_jobs_per_timespan=limit)
    drop_default_limit(settings)
    found = settings.max_jobs_per_timespan
    assert (found and (found.max_jobs, found.timespan)) == left


def test_the_engine_still_comes_with_that_default() -> None:
    from snakemake.cli import get_argument_parser

    settings = SchedulingSettings(max_jobs_per_timespan=get_argument_parser().get_default("max_jobs_per_timespan"))
    default = settings.max_jobs_per_timespan
    default = MaxJobsPerTimespan.parse_choice(default) if isinstance(default, str) else default
    assert (default.max_jobs, default.timespan) == (100, 1)
