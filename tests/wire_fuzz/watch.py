"""What a server stores, and what it writes to its log."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from visavis.audit.entry import Entry
from wire_fuzz.calls import MARK

STORED = ("galleries", "grants", "consent_events", "enrolled", "users", "user_references", "gallery_tags", "access_keys", "jobs")  # fmt: skip
"""The tables of the store that hold what was asked for; the others are the log, and what is counted of it."""
KEPT = ("data_keys", "tombstones", "access_secrets", "former_logs", "keyring_state")
"""Those of the keyring."""


class Log(io.StringIO):
    """Standard error, as the server writes it: a line of JSON each, with nothing in it that was sent."""

    def check(self) -> None:
        """Raise AssertionError where a line holds what was sent, or says that something failed; forget the lines."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        assert MARK not in text, "the log holds what was sent"
        for line in text.splitlines():
            document = json.loads(line)
            assert document["level"] in {"info", "warning"}, line
            document.pop("message", None)  # a fixed text
            told = map(str, document.values())
            assert all(re.fullmatch(r"[A-Za-z0-9:.+-]{0,64}", text) for text in told), line


class Changes:
    """Counts each row that is added, changed or deleted, in a file of SQLite, by triggers."""

    def __init__(self, file: Path, tables: tuple[str, ...]) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False)
        with self._connection:
            self._connection.execute("CREATE TABLE changes (number INTEGER)")
            self._connection.execute("INSERT INTO changes VALUES (0)")
            for table in tables:
                for event in ("INSERT", "UPDATE", "DELETE"):
                    name = f"{table}_{event}"
                    counted = "BEGIN UPDATE changes SET number = number + 1; END"
                    self._connection.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} {counted}")

    def count(self) -> int:
        """How many so far."""
        with closing(self._connection.execute("SELECT number FROM changes")) as cursor:
            number: int = cursor.fetchone()[0]
        return number

    def leaves_after(self, number: int) -> list[Entry]:
        """The entries of the log from this number on."""
        query = "SELECT leaf FROM leaves WHERE number >= ?"
        with closing(self._connection.execute(query, (number,))) as cursor:
            return [Entry.from_bytes(leaf) for (leaf,) in cursor]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
