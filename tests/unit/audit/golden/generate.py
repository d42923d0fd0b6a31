"""Write the golden files anew, byte for byte: PYTHONPATH=src:tests python tests/unit/audit/golden/generate.py.

They change only where a format changes, which old logs would not survive: think before you commit that.
"""

from __future__ import annotations

from pathlib import Path

import audit_samples as samples

from visavis.audit.merkle import Frontier, leaf_hash
from visavis.audit.proofs import inclusion_proof
from visavis.audit.receipt import LeafReceipt


def golden_files() -> dict[str, bytes]:
    """The content of each file by its name."""
    leaves, nodes, frontier = samples.leaves(), {}, Frontier()
    for leaf in leaves:
        frontier, created = frontier.append(leaf_hash(leaf))
        nodes.update({(node.level, node.index): node.hash for node in created})
    path = inclusion_proof(2, len(leaves), lambda level, index: nodes[level, index])
    note = samples.checkpoint(leaves)
    return {
        "export.jsonl": samples.export(leaves),
        "checkpoint-4.txt": samples.checkpoint(leaves[:4]),
        "receipt-2.json": LeafReceipt(leaves[2], 2, tuple(path), note).to_json(),
        "key.txt": f"{samples.KEY.verifier}\n".encode(),
    }


if __name__ == "__main__":
    for name, content in golden_files().items():
        (Path(__file__).parent / name).write_bytes(content)
