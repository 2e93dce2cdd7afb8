"""What decides how many samples a target takes: 24 targets compared, and the kinds that answer questions."""
