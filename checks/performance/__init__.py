"""Checks of how often the system is right."""
