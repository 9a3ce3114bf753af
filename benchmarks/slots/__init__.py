"""How long a question for slots takes, and how good the slots of many requests are together."""
