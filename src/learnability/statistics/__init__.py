"""Intervals, censoring, power laws, generators."""
