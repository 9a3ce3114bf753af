"""What an organisation keeps of itself, through the services."""
