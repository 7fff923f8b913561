"""Drafts and trials of forms as jobs of the service, and the gate before a definition goes into force."""
