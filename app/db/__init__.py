"""PostgreSQL: tables, transactions, locks, the log, the embedded server. The only package with asyncpg."""
