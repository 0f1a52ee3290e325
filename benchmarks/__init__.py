"""Benchmarks: figures of one run, printed; nothing is asserted by wall clock."""
