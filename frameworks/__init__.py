"""Judge: frameworks are data, and judging is a pure function of evidence."""
