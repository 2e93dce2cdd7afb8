"""The figures: one module each, named as in the config."""
