import xarray as xr


def build(target, rng):
    values = target.slope * rng.standard_normal(3)
    return xr.Dataset({"values": ("index", values, {"units": "1", "long_name": "values"})})
