"""Norms of random vectors, each dimension in a job of its own on shared random numbers."""

from learnability.studies.demo.scan.setting import Scan

from learnability.results.contract import Kind, Separated

KIND = Kind(setting=Scan, separated=Separated(field="dimensions", axis="dimension"))
