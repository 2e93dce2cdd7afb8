"""How long a direction takes to grow from a random start: replace this by what your study asks."""
