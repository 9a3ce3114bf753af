"""What technicians say of themselves: whether they are there, and where."""
