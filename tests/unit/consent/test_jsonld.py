"""The form of a record: golden files, and no word that its vocabularies do not have."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from consent_samples import BARE, GIVEN, RECORDS, RENEWED, REQUESTED, WITHDRAWN

from visavis.consent.jsonld import as_jsonld
from visavis.consent.record import ConsentRecord
from visavis.consent.states import State
from visavis.consent.terms import Consenter

GOLDEN = Path(__file__).parent / "golden"

# Looked up one by one: DPV and PD 2.2 and 2.3, DCMI terms, DCAT 3 and SPDX as DCAT uses it.
TYPES = {
    f"dpv:{name}"
    for name in (
        "ConsentRecord", "DataSubject", "DataController", "Process", "Purpose", "SpecialCategoryPersonalData", "PersonalData",
        "Processing", "StorageLocation", "StorageDuration", "StorageDeletion", "UntilTimeDuration", "TemporalDuration",
        "UntilEventDuration", "WithdrawConsent", "ConsentNotice", "ConsentRequested", "ConsentGiven",
        "RenewedConsentGiven", "ConsentRefused", "ConsentExpired", "ConsentWithdrawn",
    )
} | {"spdx:Checksum", "xsd:dateTime", "xsd:duration", "xsd:hexBinary"}  # fmt: skip
NAMES = {
    "dpv:Consent", "dpv:DataSubject", "dpv:GuardianOfDataSubject", "dpv:Representative", "dpv:DataController",
    "dpv:Derive", "dpv:Store", "dpv:Match", "dpv:Erase", "dpv:EncryptionAtRest", "pd:FacialPrint",
    "spdx:checksumAlgorithm_sha256",
}  # fmt: skip
PROPERTIES = {
    f"dpv:{name}"
    for name in (
        "hasDataSubject", "hasDataController", "hasName", "hasContact", "hasProcess", "hasPurpose", "hasLegalBasis",
        "hasPersonalData", "hasProcessing", "hasTechnicalMeasure", "hasStorageCondition", "hasDuration", "hasConsentControl",
        "isExercisedAt", "hasConsentStatus", "isIndicatedAtTime", "isIndicatedBy", "hasNotice",
    )
} | {
    "dct:identifier", "dct:description", "dct:title", "dct:language", "dct:source", "dcat:version", "rdf:value",
    "skos:broader", "spdx:checksum", "spdx:algorithm", "spdx:checksumValue",
}  # fmt: skip

DOCUMENTS = [as_jsonld(record) for record in RECORDS.values()]
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=list(RECORDS))


def pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at whatever depth; of a list, with each of its values."""
    if isinstance(node, dict):
        for key, value in node.items():
            for one in value if isinstance(value, list) else [value]:
                yield key, one
                yield from pairs(one)


def body(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(pairs({key: value for key, value in document.items() if key != "@context"}))


def test_the_golden_files_are_what_is_written_today() -> None:
    files = runpy.run_path(str(GOLDEN / "generate_records.py"))["golden_files"]()
    assert set(files) == {path.name for path in GOLDEN.iterdir() if path.is_file()} - {"generate_records.py"}
    for name, content in files.items():
        assert (GOLDEN / name).read_bytes() == content, f"{name}: the form changed; see generate_records.py"


@each_document
def test_no_word_is_made_up(document: dict[str, Any]) -> None:
    keys = {key for key, _ in body(document)}
    assert keys <= PROPERTIES | {"@id", "@type", "@value"}
    assert {value for key, value in body(document) if key == "@type"} <= TYPES
    coerced = {name for name, kind in document["@context"].items() if kind == {"@type": "@id"}}
    assert {value for key, value in body(document) if key in coerced} <= NAMES


@each_document
def test_every_prefix_is_declared_in_the_document(document: dict[str, Any]) -> None:
    context = document["@context"]
    prefixes = {name for name, meaning in context.items() if isinstance(meaning, str)}
    assert all(re.fullmatch(r"https?://[A-Za-z0-9./-]+[/#]", context[name]) for name in prefixes)
    names = {key for key, _ in body(document) if not key.startswith("@")} | TYPES | NAMES | PROPERTIES
    names |= {name for name in context if ":" in name}
    assert {name.split(":")[0] for name in names} == prefixes


@each_document
def test_times_are_in_utc_and_whole_seconds(document: dict[str, Any]) -> None:
    times = [value for key, value in body(document) if key == "dpv:isIndicatedAtTime"]
    times += [value["@value"] for _, value in body(document) if isinstance(value, dict) and value.get("@type") == "xsd:dateTime"]  # fmt: skip
    assert times
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)


@each_document
def test_it_is_json(document: dict[str, Any]) -> None:
    assert json.loads(json.dumps(document)) == document


def test_all_words_looked_up_are_used() -> None:
    documents = [*DOCUMENTS, *(as_jsonld(consented_by(who)) for who in Consenter)]
    values = {value for document in documents for _, value in body(document) if isinstance(value, str)}
    kinds = {kind["@type"] for kind in documents[0]["@context"].values() if isinstance(kind, dict)}
    assert values | kinds >= TYPES | NAMES
    assert {key for document in documents for key, _ in body(document)} >= PROPERTIES


def consented_by(who: Consenter) -> ConsentRecord:
    return replace(GIVEN, terms=replace(GIVEN.terms, consented_by=who))


def statuses(record: ConsentRecord) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = as_jsonld(record)["dpv:hasConsentStatus"]
    return found


@pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
def test_the_last_status_is_the_state(record: ConsentRecord) -> None:
    states = {
        State.REQUESTED: {"dpv:ConsentRequested"},
        State.GIVEN: {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"},
        State.REFUSED: {"dpv:ConsentRefused"},
        State.EXPIRED: {"dpv:ConsentExpired"},
        State.WITHDRAWN: {"dpv:ConsentWithdrawn"},
    }
    assert statuses(record)[-1]["@type"] in states[record.state]


def test_who_said_it_is_told_of_the_last_yes_only() -> None:
    request, first, second = statuses(RENEWED)
    assert request["dpv:isIndicatedBy"] == "dpv:DataController"
    assert second["dpv:isIndicatedBy"] == "dpv:GuardianOfDataSubject"
    assert second["dpv:hasDuration"]["rdf:value"]["@value"] == "2027-04-23T12:00:00Z"
    assert first.keys() == {"@type", "dpv:isIndicatedAtTime"}
    assert statuses(WITHDRAWN)[-1].keys() == {"@type", "dpv:isIndicatedAtTime"}


def test_what_is_not_known_stays_out() -> None:
    text = json.dumps(as_jsonld(BARE))
    assert not re.search(r"hasNotice|dct:source|dcat:version\"|dct:language|null", text)
    assert "dct:conformsTo" not in text
    assert "UntilTimeDuration" not in json.dumps(as_jsonld(REQUESTED))


def test_a_document_is_the_callers_own() -> None:
    as_jsonld(GIVEN)["@context"]["skos:broader"].clear()
    assert as_jsonld(GIVEN)["@context"]["skos:broader"] == {"@type": "@id"}
