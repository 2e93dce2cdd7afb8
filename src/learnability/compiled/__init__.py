"""Loops compiled for the CPU, their products and their threads."""
