"""What an attacker can try on a model and its answers, and the arithmetic of how well it worked."""
