"""The benchmarks of `make bench`. A speed is always given as a ratio against a named peer that is measured in
the same run."""
