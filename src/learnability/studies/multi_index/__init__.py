"""Saddle-to-saddle learning of a hidden subspace by gradient flow on the Grassmannian (arXiv 2310.19793)."""
