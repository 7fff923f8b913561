"""Views of what was read: pictures of pages, printed Word files, and the places of their cells on the
pages."""
