"""The theory studies and the atlas. They know numerics and dynamics, never one another and never the pipeline."""
