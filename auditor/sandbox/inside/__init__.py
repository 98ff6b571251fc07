"""What runs inside the locked child, and nowhere else."""
