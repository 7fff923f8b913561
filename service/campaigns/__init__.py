"""A campaign at work: its definition with the files that belong to it, what came, letters and lists."""
