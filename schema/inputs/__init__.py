"""What clients send: one file per noun, each with the way to the command or filter it stands for."""
