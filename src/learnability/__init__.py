"""When does gradient flow or SGD learn a high-dimensional target, and how long does it take?"""

__version__ = "0.1.0"
