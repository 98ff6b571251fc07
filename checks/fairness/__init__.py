"""Checks of how groups of people are treated."""
