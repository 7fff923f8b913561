"""What came: a submission to its files, each known by its content, with what is inside containers."""
