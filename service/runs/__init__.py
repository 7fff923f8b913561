"""One run of `sealform extract`: it reads many submissions, writes results as they come, and prints a summary
at the end."""
