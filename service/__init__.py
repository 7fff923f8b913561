"""All that meets the world: the command line, HTTP, the database, a mailbox, files, processes, a clock and
the environment."""
