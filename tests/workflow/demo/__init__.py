"""A study of a few numbers, for the tests of the workflow."""
