"""The study two_parameter: can a model with two parameters learn d-dimensional targets by gradient flow?"""
