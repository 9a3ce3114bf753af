"""From a selection to the one statement that writes its JSON."""
