"""Measure: every check of the service, and the nouns that checks speak in."""
