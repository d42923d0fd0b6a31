"""Evaluations, and the endpoints that they measure."""

from __future__ import annotations

from collections.abc import Sequence

from visavis.errors.base import VisavisError


class ProtocolError(VisavisError):
    """This is not an evaluation protocol."""

    hint = "it is a CSV file with the columns image,subject,group or probe,reference,mated,group (docs/evaluation.md)"


class EvaluationError(VisavisError):
    """This cannot be evaluated."""

    hint = "docs/evaluation.md says what an evaluation needs"


class MissingImagesError(EvaluationError):
    """Images of the protocol are not there."""

    hint = "--images says in which folder the paths of the protocol begin"

    def __init__(self, names: Sequence[str], of: int) -> None:
        super().__init__(f"{len(names):,} of {of:,} images of the protocol are not there")
        self.names = tuple(names)


class UnfinishedRunError(EvaluationError):
    """The folder for results holds the answers of an unfinished run: of another endpoint, or of another protocol."""

    hint = "finish that run, give another --out, or remove answers.unfinished from that folder"


class EndpointError(EvaluationError):
    """The endpoint does not answer as Rekognition does."""

    hint = "check --endpoint-url; no answer so far is lost: the same command goes on where it stopped"


class EndpointUrlError(EndpointError):
    """This is not the URL of an endpoint."""

    hint = "it looks like https://HOST or http://127.0.0.1:PORT, without a name or password; `aws` is Amazon's own"


class EndpointUnreachableError(EndpointError):
    """The endpoint cannot be reached."""

    hint = "check --endpoint-url and the network; no answer so far is lost: the same command goes on where it stopped"


class EndpointCredentialsError(EndpointError):
    """There are no credentials for the endpoint, or it does not accept them."""

    hint = "boto3 finds them: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION, or AWS_PROFILE"


class EndpointAccessError(EndpointError):
    """The endpoint does not allow these credentials to compare faces."""

    hint = "they need the operation CompareFaces"


class EndpointBusyError(EndpointError):
    """The endpoint refuses so many calls, after repeated attempts too."""

    hint = "lower --calls-per-second; no answer so far is lost: the same command goes on where it stopped"
