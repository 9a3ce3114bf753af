"""The role matrix: what each role sees and may do, of one's own, of others', and of another organisation's."""
