"""What follows of a submission for its campaign: in time, may apply, through whom (pure)."""
