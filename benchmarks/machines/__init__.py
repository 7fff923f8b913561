"""Sealform on three machines, each a network namespace here with its own processes and its own clock, and
what befalls machines: `python -m benchmarks.machines`."""
