"""The parts of the program that touch the outside world: the command line, HTTP, the database, mailboxes,
files, processes, the clock and the environment."""
