"""Our engines beside what a user would pick instead, in one run.

``make bench`` runs all, ``make bench BENCH=name`` one.
"""
