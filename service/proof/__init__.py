"""How often we are wrong on the bureau's own paper: blind samples of what was accepted, and what follows."""
