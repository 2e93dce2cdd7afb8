"""Which polynomials of a hidden subspace does mean-field SGD learn, and which trap it? (arXiv 2402.08948)"""
