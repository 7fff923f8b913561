"""Returning an application: what is asked of its applicant, until when, and the papers that say so."""
