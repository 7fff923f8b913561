"""A module for each subject of the API."""
