"""How many facts a target needs: plans and inverses of any claim's bound; proves nothing."""
