"""Carry: the service around measuring, judging and telling."""
