"""How many facts a target needs."""
