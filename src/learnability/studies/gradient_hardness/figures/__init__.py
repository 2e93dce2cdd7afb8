"""The figures of the study; each module draws the figure of its name."""
