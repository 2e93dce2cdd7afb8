"""The pictures of the study: each draws one or two analyses and computes nothing but its title's numbers."""
