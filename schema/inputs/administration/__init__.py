"""What clients send to keep an organisation in order: one file per part of it."""
