"""The store: one relational schema on SQLite or PostgreSQL, its keyring apart, and the vectors in memory that derive from it."""
