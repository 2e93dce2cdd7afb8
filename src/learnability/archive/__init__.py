"""The archive of a finished scale: packed, verified, restored and reproduced. Format: ``docs/guides/archive.md``."""
