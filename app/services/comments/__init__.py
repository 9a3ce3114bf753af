"""What is said on tickets."""
