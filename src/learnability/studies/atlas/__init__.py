"""Questions about targets of one's own: what learns them, in what time, from how many samples."""
