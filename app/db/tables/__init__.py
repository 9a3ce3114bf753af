"""The tables as SQLAlchemy Core sees them: columns and types, one file per family.

Keys, checks, indexes and policies stand in the migrations; a test holds both equal.
"""
