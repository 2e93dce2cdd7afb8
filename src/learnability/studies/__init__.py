"""The five theory studies. They know numerics and dynamics, never one another and never the pipeline."""
