"""What `make bench` runs: speeds, always as a ratio against a named peer measured in the same run."""
