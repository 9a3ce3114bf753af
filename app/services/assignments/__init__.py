"""What happens to jobs: somebody gets a ticket, takes it on, travels, works, ends it, or hands it back."""
