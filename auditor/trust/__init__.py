"""What can be checked without us: keys, signatures, evidence bundles, and the log of what was sealed."""
