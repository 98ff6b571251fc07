"""Checks of what data and model give away."""
