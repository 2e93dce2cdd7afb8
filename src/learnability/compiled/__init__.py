"""Loops compiled for the CPU, and their matrix products."""
