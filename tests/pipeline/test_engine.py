"""What is asked of the workflow engine beyond its command line."""

from types import SimpleNamespace

import pytest
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from learnability.pipeline.engine import drop_default_limit


@pytest.mark.parametrize(("named", "left"), [("100/1s", None), ("5/1m", (5, 60)), (None, None)])
def test_the_default_limit_of_jobs_goes_and_a_named_one_stays(named: str | None, left: tuple[int, int] | None) -> None:
    limiter = JobRateLimiter(MaxJobsPerTimespan.parse_choice(named)) if named else None
    scheduler = SimpleNamespace(job_rate_limiter=limiter)
    drop_default_limit(scheduler)
    found = scheduler.job_rate_limiter
    assert (found and (found.max_jobs, found.timespan)) == left
