"""The flows of the study and their codes in artifacts."""

from typing import Literal

FLOWS: tuple[Literal["joint", "planted"], ...] = ("joint", "planted")
"""Codes of the coordinate ``flow``: 0 joint, the link refitted instantly; 1 planted, the link known and fixed."""

METHODS = ("small_steps", "line_search")
"""Codes of the coordinate ``method`` of empirical descent."""
