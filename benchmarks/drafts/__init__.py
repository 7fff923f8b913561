"""Forms of other writers, drawn at random from a seed with their truth, and how well drafts of them are."""
