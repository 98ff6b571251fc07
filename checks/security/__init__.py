"""Checks of the submitted files."""
