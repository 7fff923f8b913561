"""To show what was read: pictures of pages, Word files on paper, and where their cells stand there."""
