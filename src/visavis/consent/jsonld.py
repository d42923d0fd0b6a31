"""A record as JSON-LD: the form that the W3C's Data Privacy Vocabulary (DPV 2) gives ISO/IEC TS 27560.

Source: https://w3id.org/dpv/guides/consent-27560. What visavis does not know stays out: jurisdiction, recipients,
postal address and rights, which the specification also asks for, are the controller's to add. So no record claims to
conform to it (dct:conformsTo). The prefixes stand in the document: nothing is fetched to read it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from visavis.consent.record import ConsentEvent, ConsentRecord
from visavis.consent.states import Event
from visavis.consent.terms import Consenter, Terms
from visavis.consent.times import utc_text

Json = dict[str, Any]

_CONTEXT: Json = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "pd": "https://w3id.org/dpv/pd#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    # What these point to are names, not texts.
    "dpv:hasLegalBasis": {"@type": "@id"},
    "dpv:hasTechnicalMeasure": {"@type": "@id"},
    "dpv:isIndicatedBy": {"@type": "@id"},
    "skos:broader": {"@type": "@id"},
    "spdx:algorithm": {"@type": "@id"},
    "dpv:isIndicatedAtTime": {"@type": "xsd:dateTime"},
    "spdx:checksumValue": {"@type": "xsd:hexBinary"},
}

_STATUS = {
    Event.REQUEST: "dpv:ConsentRequested",
    Event.GIVE: "dpv:ConsentGiven",
    Event.RENEW: "dpv:RenewedConsentGiven",
    Event.REFUSE: "dpv:ConsentRefused",
    Event.EXPIRE: "dpv:ConsentExpired",
    Event.WITHDRAW: "dpv:ConsentWithdrawn",
}

_CONSENTER = {
    Consenter.PERSON: "dpv:DataSubject",
    Consenter.GUARDIAN: "dpv:GuardianOfDataSubject",
    Consenter.REPRESENTATIVE: "dpv:Representative",
}

_OPERATIONS = (
    ("dpv:Derive", "enrol", "compute a facial template from a photo of the person"),
    ("dpv:Store", "enrol", "keep the template; the photo is not kept"),
    ("dpv:Match", "verify", "compare the template with one other face"),
    ("dpv:Match", "identify", "look for a face among those enrolled for this purpose"),
    ("dpv:Erase", "withdraw, expire", "erase the template"),
)


def as_jsonld(record: ConsentRecord) -> Json:
    """The record as a JSON document, a dpv:ConsentRecord. Times are xsd:dateTime in UTC; of its statuses, the last is how it stands."""
    document: Json = {
        "@context": deepcopy(_CONTEXT),
        "@id": f"urn:uuid:{record.id}",
        "@type": "dpv:ConsentRecord",
        "dct:identifier": record.id,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": record.subject},
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "dpv:hasName": record.controller.name,
            "dpv:hasContact": record.controller.contact,
        },
        "dpv:hasProcess": [_recognition(record), _proof(record)],
        "dpv:hasConsentControl": {
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": record.controller.contact,
        },
        "dpv:hasConsentStatus": [_status(event, record) for event in record.events],
    }
    return document | _notice(record.terms) | _evidence(record.terms)


def _recognition(record: ConsentRecord) -> Json:
    """What the consent is about: facial templates, for the purpose."""
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:description": record.purpose},
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasPersonalData": {
            "@type": "dpv:SpecialCategoryPersonalData",
            "skos:broader": "pd:FacialPrint",  # the vocabulary's word
            "dct:description": "facial templates computed from photos of the person",
        },
        "dpv:hasProcessing": [
            {"@type": "dpv:Processing", "skos:broader": kind, "dct:title": title, "dct:description": text}
            for kind, title, text in _OPERATIONS
        ],
        "dpv:hasTechnicalMeasure": "dpv:EncryptionAtRest",
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dct:description": "where the controller runs visavis"},
            {"@type": "dpv:StorageDuration", "dpv:hasDuration": _retention(record)},
            {
                "@type": "dpv:StorageDeletion",
                "dct:description": "on withdrawal before it is confirmed, on expiry by the next sweep",
            },
        ],
    }


def _retention(record: ConsentRecord) -> list[Json]:
    """How long templates are stored: whatever of this ends first."""
    absence = _days(record.retention_days, "after the person's last own interaction")
    withdrawal = {"@type": "dpv:UntilEventDuration", "rdf:value": "withdrawal of the consent"}
    end = [] if record.expires_at is None else [_until(record.expires_at)]
    return [*end, absence, withdrawal]


def _days(days: int, after: str) -> Json:
    return {
        "@type": "dpv:TemporalDuration",
        "rdf:value": {"@type": "xsd:duration", "@value": f"P{days}D"},
        "dct:description": after,
    }


def _proof(record: ConsentRecord) -> Json:
    """What is kept after the consent has ended, and until when."""
    promised = _days(record.proof_days, "after the consent has ended")
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": "dpv:Purpose", "dct:description": "proof of a consent that has ended"},
        "dpv:hasPersonalData": {
            "@type": "dpv:PersonalData",
            "dct:description": "this record, without any template",
        },
        "dpv:hasProcessing": {"@type": "dpv:Processing", "skos:broader": "dpv:Store"},
        "dpv:hasStorageCondition": {
            "@type": "dpv:StorageDuration",
            "dpv:hasDuration": promised if record.proof_until is None else _until(record.proof_until),
        },
    }


def _status(past: ConsentEvent, record: ConsentRecord) -> Json:
    """One event. Only of the last yes is it known who said it, and of a request."""
    status: Json = {"@type": _STATUS[past.event], "dpv:isIndicatedAtTime": utc_text(past.at)}
    if past.event is Event.REQUEST:
        status["dpv:isIndicatedBy"] = "dpv:DataController"
    if past is record.yes:
        status["dpv:isIndicatedBy"] = _CONSENTER[record.terms.consented_by]
        if record.expires_at is not None:
            status["dpv:hasDuration"] = _until(record.expires_at)
    return status


def _until(at: int) -> Json:
    return {
        "@type": "dpv:UntilTimeDuration",
        "rdf:value": {"@type": "xsd:dateTime", "@value": utc_text(at)},
    }


def _notice(terms: Terms) -> Json:
    known = {"dcat:version": terms.notice_version, "dct:language": terms.language}
    notice = {name: value for name, value in known.items() if value is not None}
    return {"dpv:hasNotice": {"@type": "dpv:ConsentNotice"} | notice} if notice else {}


def _evidence(terms: Terms) -> Json:
    if terms.evidence_sha256 is None:
        return {}
    checksum = {
        "@type": "spdx:Checksum",
        "spdx:algorithm": "spdx:checksumAlgorithm_sha256",
        "spdx:checksumValue": terms.evidence_sha256,
    }
    return {"dct:source": {"dct:description": "what shows the consent", "spdx:checksum": checksum}}
