"""What the public may see: figures, how small ones are protected, charts, words. Pure; law 9 holds for all of it."""
