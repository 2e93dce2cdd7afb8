"""Compiled steps of the engines; the names mirror those beside them."""
