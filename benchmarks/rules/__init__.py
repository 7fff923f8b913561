"""Draws pages whose rules are known, trains a network that finds the rules, and tells how well it does."""
