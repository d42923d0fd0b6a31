"""Write the golden files anew, byte for byte: PYTHONPATH=src:tests python tests/unit/consent/golden/generate_records.py.

They change only where the form of a record does, which whoever keeps one will notice: think before you commit that.
"""

from __future__ import annotations

import json
from pathlib import Path

import consent_samples as samples

from visavis.consent.jsonld import as_jsonld


def golden_files() -> dict[str, bytes]:
    """The content of each file by its name."""
    return {
        f"{name}.jsonld": (json.dumps(as_jsonld(record), ensure_ascii=False, indent=1) + "\n").encode()
        for name, record in samples.RECORDS.items()
        if name in {"bare", "renewed", "withdrawn", "refused"}
    }


if __name__ == "__main__":
    for name, content in golden_files().items():
        (Path(__file__).parent / name).write_bytes(content)
