"""Pages and a form to observations: where the answers stand, and what they say (pure)."""
