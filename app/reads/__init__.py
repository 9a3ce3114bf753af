"""Reading: what can be read, how it hangs together, who may see it. Declared once, used by every reader."""
