"""Checks of what drives the decisions."""
