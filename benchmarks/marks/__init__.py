"""Draws marked option rows, and copies them as scanners, fax machines and cameras would: the training data of
the mark reader."""
