"""How fast reads are, beside what others do and what could be done at best."""
