"""What is written about the system, and to the people it is about."""
