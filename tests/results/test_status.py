"""Every status has a code with a name."""

from learnability.results.status import status_attributes


def test_status_attributes_name_every_code() -> None:
    attributes = status_attributes({"trapped": 16})
    names = attributes["flag_meanings"].split()
    assert dict(zip(names, attributes["flag_values"], strict=True))["trapped"] == 16
    assert names[:4] == ["reached_end", "converged", "diverged", "max_steps"]
