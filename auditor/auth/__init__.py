"""Who asks, and from where."""
