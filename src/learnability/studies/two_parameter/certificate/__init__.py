"""The sign of du/dt along flows to targets of F0, proved in ball arithmetic (proof of Theorem 6)."""

from learnability.results.contract import Kind
from learnability.studies.two_parameter.certificate.setting import CertificateSetting

KIND = Kind(setting=CertificateSetting, one_setting=True)
