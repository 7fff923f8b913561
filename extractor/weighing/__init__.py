"""How sure a reading is, and what to do with it (pure)."""
