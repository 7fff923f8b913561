"""The weighing of readings: how sure each is, and what to do with it (pure)."""
