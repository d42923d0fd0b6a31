"""The audit log, its proofs and receipts: what is wrong, or was done to it."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class AuditError(VisavisError):
    """The audit log does not hold together."""

    hint = "docs/audit.md says what each check means"


class NotCanonicalError(AuditError):
    """This is not JSON in its canonical form (RFC 8785)."""


class EntryError(AuditError):
    """This is not an entry of the audit log."""

    hint = "docs/audit.md lists what an entry holds; a newer visavis may know more"


class ExportFormatError(AuditError):
    """This is not an export of the audit log as visavis writes it."""


class TruncatedExportError(AuditError):
    """The export is cut off before its end."""

    hint = "copy it again from its source"


class TrailingDataError(AuditError):
    """Something follows the export's checkpoint, which should be its last line."""


class LeafAlteredError(AuditError):
    """A leaf of the audit log was altered."""


class LeafDroppedError(AuditError):
    """A leaf of the audit log was dropped."""


class LeafAddedError(AuditError):
    """A leaf was added to the audit log."""


class LeafMovedError(AuditError):
    """Leaves of the audit log were put in another order."""


class NotTheSignedLogError(AuditError):
    """These leaves are not the log that was signed."""


class VerifierKeyError(AuditError):
    """This is not the public key of an audit log."""

    hint = "it looks like NAME+HEX+BASE64 (docs/audit.md)"


class CheckpointError(AuditError):
    """This is not a checkpoint of an audit log."""


class CheckpointSignatureError(CheckpointError):
    """The checkpoint's signature is wrong: it was altered, or signed without the log's key."""


class CheckpointKeyError(CheckpointError):
    """The checkpoint is not signed by the log's key."""


class RolledBackError(AuditError):
    """The log was rolled back: an earlier checkpoint counts more leaves."""


class RewrittenError(AuditError):
    """The log was rewritten: it does not begin with the leaves of an earlier checkpoint."""


class ProofError(AuditError):
    """The proof does not hold."""


class InclusionError(ProofError):
    """The proof does not show that this leaf is in the log that was signed."""


class ConsistencyError(ProofError):
    """The proof does not show that the later log begins with the earlier one."""


class ReceiptGoneError(VisavisError):
    """There is no receipt to give again: nothing that would prove this person is kept any more, or was kept yet."""

    hint = "`visavis consent withdraw` can be repeated and gives one each time; a yes gives one when it is recorded"


class ReceiptError(VisavisError):
    """This is not a receipt that visavis made, or it was altered."""
