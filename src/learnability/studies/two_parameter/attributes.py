"""The attributes that every variable of an artifact carries."""


def about(long_name: str, units: str = "1", **more: object) -> dict[str, object]:
    """``units`` and ``long_name``, and what else is given."""
    return {"units": units, "long_name": long_name, **more}
