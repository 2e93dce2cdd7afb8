"""Parities and cosine neurons: why the gradient carries no information about them, and where that story stops."""
