"""Estimators of a hidden subspace from n samples: Hermite moments of weighted labels, kernels, networks."""
