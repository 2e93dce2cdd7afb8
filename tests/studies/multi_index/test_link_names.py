"""Names of links on axes."""

import pytest

from learnability.studies.multi_index.figures.text import short

LONG = "0.7*h2(z1) - 0.4*h1(z1)*h1(z2) + 0.9*h3(z1) + 0.3*h2(z1)*h1(z2) - 0.8*h4(z2)"


def test_a_long_name_is_whole_on_two_lines() -> None:
    lines = short(LONG).split("\n")
    assert len(lines) == 2
    assert " ".join(lines) == LONG.replace("*", "·")
    assert lines[1][0] in "+-"


@pytest.mark.parametrize("link", ["h2(z1)", "Re z^2 + Re z^5", "h" * 60])
def test_a_name_that_fits_or_has_no_terms_stays_on_one_line(link: str) -> None:
    assert short(link) == link


def test_numbers_have_three_digits_at_most() -> None:
    assert short("0.5*z1^2 - 0.1141088661*z1^3") == "0.5·z1^2 - 0.114·z1^3"
