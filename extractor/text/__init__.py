"""Text that knows where it stood, and the characters that mean something in forms (pure)."""
