"""What is kept of people: of every column whose it is, where a person's rows are, and what erasing makes of them."""
