"""Stochastic gradient descent: pure steps of several engines, one loop."""
