"""Access keys. Each may make others that may do no more than itself, and is told of those alone that are for no other galleries."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from visavis.audit.entry import Action
from visavis.errors import UnknownAccessKeyError
from visavis.server.operations import ALL_OPERATIONS
from visavis.server.rest.calls import Call, in_worker, permitted
from visavis.server.rest.documents import Asked, End, Time, Told
from visavis.services import access
from visavis.services.delegation import covers, is_within

router = APIRouter(tags=["keys"])

Patterns = Annotated[list[str], Field(min_length=1, max_length=100)]

_KEY: JsonDict = {
    "access_key_id": "VSVSAAAAAAAAAAAAAAAA",
    "operations": ["DetectFaces", "SearchFacesByImage"],
    "galleries": ["staff-*"],
    "created_at": "2026-10-05T12:00:00Z",
    "expires_at": "2027-01-01T00:00:00Z",
    "revoked_at": "2026-11-01T08:00:00Z",
}


class NewKey(Asked):
    """A key to make. What is left out is as the key's that makes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"operations": _KEY["operations"], "galleries": _KEY["galleries"], "expires_at": "2026-12-31"}
            ]
        }
    )

    operations: Patterns | None = Field(None, description="Names, in which `*` stands for any text.")
    galleries: Patterns | None = Field(None, description="Names, in which `*` stands for any text.")
    expires_at: End | None = Field(None, description="When it ends.")


class Key(Told):
    """A key and what it may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    access_key_id: str
    operations: list[str]
    galleries: list[str]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None

    @classmethod
    def of(cls, key: access.AccessKey) -> Key:
        """A key as the services know it."""
        return cls(
            access_key_id=key.id,
            operations=list(key.operations),
            galleries=list(key.galleries),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


class MadeKey(Told):
    """A key that was just made, and its secret, which nobody is told again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"key": _KEY, "secret_access_key": "(40 characters)"}]}
    )

    key: Key
    secret_access_key: str


class KeyList(Told):
    """Keys, revoked ones too, the first first."""

    keys: list[Key]


@router.post("/keys", operation_id="CreateKey")
@in_worker
def create(call: Annotated[Call, Depends(permitted("CreateKey", Action.KEY_CREATE))], new: NewKey) -> MadeKey:
    """Make a key that may do no more than the one that makes it. This answer alone has its secret."""
    if new.operations:
        access.check_operations(new.operations, ALL_OPERATIONS)
    operations = tuple(new.operations or call.key.operations)
    galleries = tuple(new.galleries or call.key.galleries)
    expires_at = call.key.expires_at if new.expires_at is None else new.expires_at
    if not covers(call.key, operations, galleries, expires_at):
        call.refuse()
    made = access.create(call.registry, operations, galleries, expires_at)
    return MadeKey(key=Key.of(made.key), secret_access_key=made.secret)


@router.get("/keys", operation_id="ListKeys")
@in_worker
def list_keys(call: Annotated[Call, Depends(permitted("ListKeys"))]) -> KeyList:
    """List the keys that are for no other galleries than the key that asks."""
    return KeyList(keys=list(map(Key.of, _reached(call))))


@router.delete("/keys/{access_key_id}", operation_id="RevokeKey")
@in_worker
def revoke(
    call: Annotated[Call, Depends(permitted("RevokeKey", Action.KEY_REVOKE))],
    access_key_id: Annotated[str, Path(pattern="^[A-Za-z0-9_.-]{1,128}$")],
) -> Key:
    """End a key: it stops at once, in every process. Keys that it made stay."""
    if access_key_id not in {key.id for key in _reached(call)}:
        raise UnknownAccessKeyError
    return Key.of(access.revoke(call.registry, access_key_id))


def _reached(call: Call) -> list[access.AccessKey]:
    return [key for key in access.keys(call.registry) if is_within(key.galleries, call.key.galleries)]
