"""The figures of the study. They draw analyses and compute nothing beyond what a title says."""
