"""Coming from older platforms: what their rows become here, and the way back."""
