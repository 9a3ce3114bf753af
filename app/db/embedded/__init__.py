"""A PostgreSQL that the product starts and stops itself. Knows nothing of what is stored in it.

The programs come with the product or from an installation of the user's; the data stays in the
product's home folder. Clients reach it through a Unix socket in a folder closed to other users.
"""
