"""The audit log: an append-only tree of what was done, checkable by anyone, without a database."""
