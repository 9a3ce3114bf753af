"""What clients may see: one file per noun."""
