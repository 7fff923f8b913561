"""Form definitions from YAML, and the documents that are written from them."""
