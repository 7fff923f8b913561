"""Text that knows its place in the document, and the characters with a meaning in forms (pure)."""
