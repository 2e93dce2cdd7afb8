"""Gradient flows in closed form and what solves them."""
