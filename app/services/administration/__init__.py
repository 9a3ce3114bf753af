"""What an organisation keeps of itself: one file per kind of row, which `keeping` creates, changes and deletes."""
