"""What `visavis serve` prints: where it answers, with which key, and three lines that work when pasted."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from visavis.services import access
from visavis.services.registry import Registry

CREDENTIALS_FILE = "credentials"

_ID = re.compile(r"aws_access_key_id *= *(\S+)")
# The secret goes from file to curl without standing on a command line, where others on the machine could read it.
_USER = """awk '/^aws_access_key_id/{i=$3} /^aws_secret_access_key/{s=$3} END{print "user=" i ":" s}'"""


def credentials(registry: Registry) -> Path | None:
    """A file with a key that may be used now, in the state folder; made, with a key for everything, where there is no live key yet.

    None where there are keys, but the one in that file is not among them.
    """
    file = registry.settings.home.absolute() / CREDENTIALS_FILE
    live = {key.id for key in access.keys(registry) if key.lives(registry.clock())}
    try:
        named = set(_ID.findall(file.read_text("utf-8")))
    except FileNotFoundError:
        if live:
            return None
        access.create_in_file(registry, file)
        return file
    except (OSError, UnicodeDecodeError):
        return None
    return file if named & live else None


def announcement(endpoint: str, file: Path | None, self_signed: Path | None = None) -> str:
    """What to print. file: as `credentials` gives it; self_signed: a certificate that clients know only if they are told."""
    lines = [f"visavis answers at {endpoint}"]
    if file is None:
        lines.append("`visavis key create --file FILE` makes a key for it")
        return "\n".join(lines)
    credential = shlex.quote(str(file))
    own = (
        shlex.quote(str(self_signed.absolute())) if self_signed else ""
    )  # whoever pastes may be in another folder
    trust = f"AWS_CA_BUNDLE={own} " if own else ""
    curl_trust = f"--cacert {own} " if own else ""
    with_key = f"{trust}AWS_SHARED_CREDENTIALS_FILE={credential}"
    python = f'import boto3; print(boto3.client("rekognition", endpoint_url="{endpoint}", region_name="local").list_collections())'
    return "\n".join(
        [
            *lines,
            f"its key is in {file}",
            "",
            f"{with_key} python3 -c '{python}'",
            f"{with_key} aws rekognition list-collections --endpoint-url {endpoint} --region local",
            f"{_USER} {credential} | curl -K - {curl_trust}--aws-sigv4 aws:amz:local:visavis {endpoint}/v1/galleries",
        ]
    )
