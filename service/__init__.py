"""The command line and, later, everything else that meets the world: files, processes, a clock and the environment."""
