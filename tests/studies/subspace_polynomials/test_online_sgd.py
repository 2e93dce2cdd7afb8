"""The kind ``online_sgd``."""

import pytest

from learnability.studies.subspace_polynomials.online_sgd.setting import SgdSetting
from learnability.studies.subspace_polynomials.settings import HiddenPolynomials


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="one polynomial"):
        SgdSetting(target=HiddenPolynomials(polynomials=("z1*z2", "z1")))
    with pytest.raises(ValueError, match="odd"):
        SgdSetting(target=HiddenPolynomials(polynomials=("z1",)), neurons=31)
