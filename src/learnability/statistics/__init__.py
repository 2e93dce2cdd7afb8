"""Intervals, censoring, power laws, limits, equivalence, generators."""
