"""One run of `sealform extract`: many submissions, their results as they come, and what is said at the
end."""
