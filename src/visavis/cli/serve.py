"""`visavis serve`: Rekognition's API for programs on this machine and others."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

from visavis.cli.inputs import existing_file
from visavis.cli.output import json_option, print_json
from visavis.cli.state import database_option, opened_registry
from visavis.extras import require_extra

_PACKAGES = (
    "botocore", "dbos", "fastapi", "httptools", "prometheus_client", "pybase64", "regex", "urllib3", "uvicorn",
)  # fmt: skip


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen at."
)
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes one that is free.",
)
@click.option("--certificate", type=existing_file, help="A certificate in PEM, with what it was signed by.")
@click.option(
    "--private-key", type=existing_file, help="The certificate's private key in PEM, not encrypted."
)
@click.option("--without-tls", is_flag=True, help="Others may connect without TLS: a proxy in front does it.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Calls that are worked on at once.  [default: one per core]",
)
@click.option(
    "--jobs",
    default=1,
    show_default=True,
    type=click.IntRange(0, 64),
    metavar="N",
    help="Stored-video jobs that are worked on at once, each by a process of its own; 0 leaves them to `visavis worker`.",
)
@database_option
@json_option
def serve(
    host: str,
    port: int,
    certificate: Path | None,
    private_key: Path | None,
    workers: int | None,
    jobs: int,
    database_url: str | None,
    *,
    without_tls: bool,
    as_json: bool,
) -> None:
    """Answer Rekognition's API until stopped (SIGTERM, Ctrl-C). The log, one JSON object a line, goes to standard error."""
    require_extra("server", *_PACKAGES)
    if (certificate is None) != (private_key is None):
        raise click.UsageError("--certificate and --private-key go together")
    from visavis.models.session import available_cpus  # here, since these take a while to import
    from visavis.server import announcement, listening, serve
    from visavis.server.limits import Limits
    from visavis.server.logs import begin_logging

    tls = listening.read_certificate(certificate, private_key) if certificate and private_key else None
    listener = listening.listen(host, port, tls, without_tls=without_tls)
    with listener.socket, opened_registry(database_url) as registry:
        per_second = registry.settings.calls_per_second
        limits = Limits(workers=workers or available_cpus(), calls_per_second=per_second)
        serve.warm_up(registry)
        app = serve.create_app(registry, limits)
        file = announcement.credentials(registry)
        begin_logging(sys.stderr)
        if as_json:
            print_json({"endpoint": listener.endpoint, "credentials_file": str(file) if file else None})
        else:
            alone = certificate if certificate and listening.is_self_signed(certificate) else None
            click.echo(announcement.announcement(listener.endpoint, file, alone))
        serve.serve(registry, app, listener, limits, jobs if find_spec("av") else 0)
