"""What the operator and the installer say to each other: the document, the result, the exit codes.

A leaf: it imports nothing of ours. The operator imports it, never the other way round.
Everything in here is part of the API between two images of possibly different versions, so fields
are only ever added, with a default that means what an older peer did.
"""

import hashlib
import json
from enum import IntEnum, StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.main import IncEx

TERMINATION_LOG = "/dev/termination-log"
TERMINATION_LOG_LIMIT = 4096
"""Bytes of a termination message that the kubelet keeps (4096 per container)."""

HANDLER_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$"
"""A CRI handler: a DNS label of at most 40 characters, since label keys and paths hold it."""

FILE_NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._+-]*$"

_HANDED_NAME = r"\.?[A-Za-z0-9_-][A-Za-z0-9._-]*"
HANDED_FILE_PATTERN = rf"^{_HANDED_NAME}(/{_HANDED_NAME})*$"
"""A path below the directory of files that `fetch` is handed: it cannot lead out of it."""

_OCI_NAME = r"[a-z0-9]+([._-]+[a-z0-9]+)*"
_OCI_HOST = r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?"
OCI_REPOSITORY_PATTERN = rf"^{_OCI_HOST}(/{_OCI_NAME})+$"
OCI_REFERENCE_PATTERN = rf"^{_OCI_HOST}(/{_OCI_NAME})+@sha256:[a-f0-9]{{64}}$"
"""The distribution specification's names, with the registry's host always before them."""


class ExitCode(IntEnum):
    """How a run ended; the Job's `podFailurePolicy` and the operator's retries are driven by it."""

    DONE = 0
    UNSUPPORTED = 10
    CONFLICT = 11
    BAD_DOCUMENT = 12
    WRONG_NODE = 13
    ARTIFACT = 20
    REFUSED = 30
    ROLLED_BACK = 31
    ROLLBACK_FAILED = 32
    IN_USE = 40
    LOCKED = 50
    BUG = 70


class Model(BaseModel):
    """Our own input and output: camelCase outside, unknown fields refused, immutable inside."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="forbid",
        frozen=True,
    )


class RuntimeType(StrEnum):
    """How containerd reaches the runtime."""

    CONTAINERD_SHIM = "ContainerdShim"
    OCI_RUNTIME = "OCIRuntime"


class WasmPods(StrEnum):
    """What may happen to wasm pods that would not survive a restart of the container runtime."""

    WAIT = "Wait"
    FORCE = "Force"


class PredecessorName(StrEnum):
    """Earlier installers of wasm runtimes whose leftovers on a node are known."""

    KWASM = "kwasm"
    RCM = "rcm"


ADOPTABLE = "Adoptable"
"""Reason of a conflict with a handler of a predecessor: permission to take it over is missing."""


class Probe(Model):
    """A command line that a binary must answer with exit code 0 before it counts as present."""

    args: tuple[str, ...] = ("--version",)
    contains: str = ""
    """A piece of text that the output must hold; empty = any output."""


class HeaderAuth(Model):
    """A header that opens the way to an artifact; its value stands in a file of `fetch --files`."""

    file: str = Field(pattern=HANDED_FILE_PATTERN)
    """Path below that directory: what it holds is the whole value of the header."""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    hosts: tuple[str, ...] = ()
    """Who gets it, as `host` or `host:port`, by https only; empty = the host of the artifact."""


class ProxyServer(Model):
    """Through whom downloads go."""

    url: str = Field(pattern=r"^https?://[^\s/@]+/?$")
    no_proxy: tuple[str, ...] = ()
    """Hosts, with all below them, and IP addresses that are asked directly."""
    folder: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """Directory below that of `fetch --files` with the files `username` and `password`."""


class Access(Model):
    """How an artifact is reached; what is secret of it stands in files of `fetch --files`."""

    mirrors: tuple[Annotated[str, Field(pattern=r"^https?://")], ...] = ()
    """Other addresses of the same bytes, tried in this order after the first one."""
    proxy: ProxyServer | None = None
    """None = as the environment says."""
    ca_file: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """Certificate authorities (PEM) to trust besides the public ones, below `fetch --files`."""
    auth: HeaderAuth | None = None
    size_limit: int = Field(default=0, ge=0)
    """Bytes that the artifact, and the binary in it, may have; 0 = as many as `fetch` allows."""


class Keyless(Model):
    """An identity that an issuer vouches for, by certificates of minutes and a public log."""

    identity: str = Field(min_length=1)
    """What the certificate is for: an address of mail, or the URI of a workflow."""
    issuer: str = Field(min_length=1)
    """Who says so, for example `https://token.actions.githubusercontent.com`."""
    trusted_root: str = Field(pattern=HANDED_FILE_PATTERN)
    """The authorities and logs to believe (`trusted_root.json`), below `fetch --files`."""


class Verify(Model):
    """Who must have signed an artifact: exactly one of the fields."""

    key: str = Field(default="", pattern=rf"^$|{HANDED_FILE_PATTERN}")
    """A public key (PEM), below `fetch --files`."""
    keyless: Keyless | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if bool(self.key) == (self.keyless is not None):
            raise ValueError("exactly one of key and keyless must be given")
        return self


class HttpArtifact(Model):
    """A download for this node's architecture, checked against its digest before it is unpacked."""

    url: str = Field(pattern=r"^https?://")
    sha256: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    path: str = ""
    """The member to take out of an archive; empty = the download is the binary itself."""
    verify: Verify | None = None
    """Who must have signed the download; None = its digest says enough."""
    signature: str = Field(default="", pattern=r"^$|^https?://")
    """Where the signature is; empty = beside each address, as `.sig` or `.sigstore.json`."""
    access: Access | None = None
    """None = directly from `url`, or through the proxy that the environment names."""
    unverified: bool = False
    """Whether `sha256` may be empty: then whatever comes is taken, and its digest is reported."""
    pinned: str = Field(default="", pattern=r"^([a-f0-9]{64})?$")
    """The digest that another node found where `sha256` is empty. It is required as if it stood
    there, and is no part of what the node is to have: a node that has it needs no other run."""

    @model_validator(mode="after")
    def _is_verified_unless_said(self) -> Self:
        if not self.sha256 and not self.unverified:
            raise ValueError("give sha256, or say unverified: true")
        return self

    @property
    def address(self) -> str:
        """By what it is known as long as nobody has seen it."""
        return self.url

    @property
    def required(self) -> str:
        """The digest that the download must have, "" = any."""
        return self.sha256 or self.pinned


class OciArtifact(Model):
    """An artifact in a registry, pulled by its digest; of an index, what is for this machine."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    mirrors: tuple[Annotated[str, Field(pattern=OCI_REPOSITORY_PATTERN)], ...] = ()
    """Other repositories (`registry/repository`) with the same artifact, tried in this order."""
    title: str = ""
    """The layer to take, by its title; empty = the only one."""
    path: str = ""
    """The member to take out of the layer, if that is an archive; empty = it is the binary."""
    pull_secrets: tuple[Annotated[str, Field(pattern=HANDED_FILE_PATTERN)], ...] = ()
    """Files below `fetch --files` with credentials of registries, as a dockerconfigjson."""
    verify: Verify | None = None
    """Who must have signed the reference; None = its digest says enough."""
    access: Access | None = None
    """None = directly, or through the proxy that the environment names."""

    @property
    def address(self) -> str:
        """By what it is known as long as nobody has seen it."""
        return self.ref

    @property
    def sha256(self) -> str:
        """The digest of the index or manifest."""
        return self.ref.rpartition(":")[2]

    @property
    def required(self) -> str:
        """The digest that it must have: the one by which it is pulled."""
        return self.sha256


IMAGE_FILE = "file"
"""What a file taken out of an image is called, in a directory named by the source's key."""


class ImageArtifact(Model):
    """A file in a container image, which the node's own container runtime has pulled."""

    ref: str = Field(pattern=OCI_REFERENCE_PATTERN)
    """`registry/repository@sha256:...`, of an index or of a manifest."""
    path: str = Field(pattern=r"^/[^\x00]+$")
    """The binary in it."""
    pull_secrets: tuple[str, ...] = ()
    """Secrets with which it may be pulled, for whoever has the node pull it."""

    @property
    def address(self) -> str:
        """By what it is known as long as nobody has seen it."""
        return self.ref

    @property
    def sha256(self) -> str:
        """The digest of the index or manifest."""
        return self.ref.rpartition(":")[2]

    @property
    def required(self) -> str:
        """The digest that it must have: the one by which it is pulled."""
        return self.sha256


class HostBinary(Model):
    """A binary that the node already has: it is linked to, never copied or removed."""

    path: str = Field(pattern=r"^/[^\x00]+$")
    probe: Probe | None = None


class Source(Model):
    """Where the binary comes from: exactly one of the fields."""

    http: HttpArtifact | None = None
    oci: OciArtifact | None = None
    image: ImageArtifact | None = None
    host_path: HostBinary | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        sources = (self.http, self.oci, self.image, self.host_path)
        if len([it for it in sources if it is not None]) != 1:
            raise ValueError("exactly one of http, oci, image and hostPath must be given")
        return self

    @property
    def download(self) -> HttpArtifact | OciArtifact | None:
        """What `fetch` has to download; None = somebody else brings the binary."""
        return self.http or self.oci

    @property
    def artifact(self) -> HttpArtifact | OciArtifact | ImageArtifact | None:
        """What has to be had from elsewhere; None = the node has the binary itself."""
        return self.download or self.image

    @property
    def digest(self) -> str:
        """The artifact's sha256; "" = none, or nobody knows it yet."""
        return self.artifact.required if self.artifact else ""

    @property
    def key(self) -> str:
        """How `fetch` and the node's store know the binary; "" when it is not stored, or not yet.

        64 hex digits over all that decides which bytes it is, and who must have signed them: of one
        artifact several runtimes may take what each needs, and what came unsigned does not count
        when a signature is wanted.
        """
        if self.artifact is None or not self.digest:
            return ""
        said = self.artifact.model_dump(
            mode="json", include={"title", "path", "verify"}, exclude_defaults=True
        )
        if not said:
            return self.digest
        text = json.dumps([self.digest, said], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def known_as(self, digest: str) -> Self:
        """Return a source that demands this digest where it had none."""
        if self.http is None or self.http.sha256:
            return self
        http = self.http.model_copy(update={"sha256": digest})
        return self.model_copy(update={"http": http})


OptionValue = bool | int | str


class HandlerEntry(Model):
    """One handler in the container runtime's configuration, with or without its binary."""

    handler: str = Field(pattern=HANDLER_PATTERN)
    type: RuntimeType = RuntimeType.CONTAINERD_SHIM
    binary: str = Field(pattern=FILE_NAME_PATTERN)
    """File name below `bin/<handler>/`."""
    options: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")], OptionValue] = {}
    pod_annotations: tuple[str, ...] = ()
    snapshotter: str = ""
    pods_survive_restart: bool = False
    """Whether running pods of this handler live through a restart of the container runtime."""


class RuntimeEntry(Model):
    """One runtime that the node is to have: a handler and the binary behind it."""

    name: str = Field(pattern=HANDLER_PATTERN)
    version: str = ""
    """Shown to people; never compared."""
    source: Source
    handler: HandlerEntry


class NodeIdentity(Model):
    """Which machine a document is for; an empty field is not compared."""

    name: str = ""
    uid: str = ""
    machine_id: str = ""


class NodeDocument(Model):
    """Everything that one node is to have. An empty one gives the node back as it was found."""

    schema_version: Literal[1] = 1
    node: NodeIdentity = NodeIdentity()
    hash: str = ""
    runtimes: tuple[RuntimeEntry, ...] = ()
    declared: tuple[HandlerEntry, ...] = ()
    """Handlers to write ahead of their binaries whenever the configuration must change anyway."""
    wasm_pods: WasmPods = WasmPods.WAIT
    """What happens to pods that a restart of the container runtime would lose."""
    removal: WasmPods = WasmPods.WAIT
    """What happens to pods that use a runtime which is to go: Force takes it away under them."""
    take_over: tuple[PredecessorName, ...] = ()
    """Whose handlers and files on the node count as ours: tables are cut out, files removed."""
    retry_token: str = ""
    """A change that had to be undone is not made again under the same token."""
    keep_versions: int = Field(default=0, ge=0)
    """How many older binaries of each runtime stay on the node, for a way back without download."""
    stored: tuple[str, ...] = ()
    """Binaries that the node's store is known to hold, by key: `fetch` leaves them out."""

    @model_validator(mode="after")
    def _handlers_are_unique(self) -> Self:
        seen: dict[str, str] = {}
        for runtime in self.runtimes:
            handler = runtime.handler.handler
            if handler in seen:
                raise ValueError(
                    f"runtimes {seen[handler]!r} and {runtime.name!r} both use handler {handler!r}"
                )
            seen[handler] = runtime.name
        return self


_PINNED: dict[str, IncEx | bool] = {"http": {"pinned"}}
NO_PART_OF_IDENTITY: dict[str, IncEx | bool] = {"version": True, "source": _PINNED}
"""Fields of a runtime's entry that do not count: what is only shown, and what other nodes found."""


def desired_hash(runtimes: tuple[RuntimeEntry, ...]) -> str:
    """Return the identity of what a node is to have: 64 hex digits.

    The version string is left out, since it is only shown, and so are handlers declared ahead:
    a new runtime in the cluster is no reason to visit every node. Neither are fields that a later
    version of ours knows: what is left at its default does not count.
    """
    entries = sorted(
        (
            entry.model_dump(mode="json", exclude=NO_PART_OF_IDENTITY, exclude_defaults=True)
            for entry in runtimes
        ),
        key=lambda dumped: dumped["name"],
    )
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class RuntimeState(StrEnum):
    """What a run left of one runtime."""

    READY = "ready"
    FAILED = "failed"
    REMOVED = "removed"


class LeftBehind(Model):
    """What is still there of a predecessor after a run, in few words."""

    predecessor: PredecessorName
    handlers: tuple[str, ...] = ()
    """Its handlers in the daemon's files; none once they were taken over."""
    in_use: tuple[str, ...] = ()
    """Of one that was taken over: who still needs its files."""


class RuntimeResult(Model):
    """One runtime after a run."""

    name: str
    handler: str
    version: str = ""
    digest: str = ""
    state: RuntimeState
    message: str = ""


class ApplyResult(Model):
    """The one JSON object that `apply` prints, also to the termination log."""

    schema_version: Literal[1] = 1
    exit_code: ExitCode
    reason: str
    """One CamelCase word, for conditions."""
    message: str
    """One sentence for people: what was found on which object and what to do."""
    hash: str = ""
    changed: bool = False
    restarted: bool = False
    unavailable_ms: int = 0
    """How long the container runtime did not answer, in milliseconds."""
    orphans: int = 0
    """Containers of wasm runtimes that run on after the restart without containerd knowing them."""
    runtimes: tuple[RuntimeResult, ...] = ()
    handlers: tuple[str, ...] = ()
    """What the running daemon serves, ours and others', by name."""
    blocking_pods: tuple[str, ...] = ()
    """`namespace/name` of pods that keep the run from going on."""
    warnings: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    """Binaries that are in the node's store, by key."""
    leftovers: tuple[LeftBehind, ...] = ()
    """What predecessors left that is still there; empty also if the run did not get so far."""
    machine_id: str = ""
    boot_id: str = ""
    container_runtime: str = ""
    distribution: str = ""
    config_file: str = ""
    plugin_table: str = ""


class FetchedBinary(Model):
    """One binary that `fetch` left for `apply`."""

    file: str
    """Path below the directory of the manifest."""
    sha256: str
    """Of the binary itself, not of the artifact that it came in."""
    size: int
    """Bytes."""


class Manifest(Model):
    """What `fetch` hands to `apply`: `manifest.json` beside the binaries."""

    schema_version: Literal[1] = 1
    artifacts: dict[str, FetchedBinary] = {}
    """By the source's key."""
    found: dict[str, str] = {}
    """URL -> sha256 of artifacts whose digest nobody knew."""


MANIFEST = "manifest.json"


class ChangedFile(Model):
    """A file that a run would write, create or delete."""

    path: str
    diff: str
    """Unified; a file that does not exist is /dev/null."""


class Leftovers(Model):
    """What a predecessor left on the node."""

    predecessor: PredecessorName
    handlers: dict[str, str] = {}
    """Handlers that it declared -> file and line."""
    templates: tuple[str, ...] = ()
    """Copies of a rendered configuration that it made a template: they fill nothing in."""
    files: tuple[str, ...] = ()
    """Binaries, and symlinks elsewhere that lead to them."""
    notes: tuple[str, ...] = ()
    """Its lock files and markers."""
    folders: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()
    """Who still needs the files: handlers, pods, processes."""


class NodeReport(Model):
    """What `plan` and `status` both say of the node; the same fields as in `ApplyResult`."""

    schema_version: Literal[1] = 1
    machine_id: str = ""
    boot_id: str = ""
    container_runtime: str = ""
    distribution: str = ""
    config_file: str = ""
    plugin_table: str = ""
    leftovers: tuple[Leftovers, ...] = ()
    """Of earlier installers, whether or not they are to be taken over."""


class PlanReport(NodeReport):
    """What `apply` would do, or with what it would be refused."""

    exit_code: ExitCode = ExitCode.DONE
    """What `apply` would end with, as far as that is known before anything is tried."""
    reason: str = ""
    message: str = ""
    """Why it would be refused; "" = it would not."""
    files: tuple[ChangedFile, ...] = ()
    layout: str = ""
    """Why these files, and why in this way."""
    effective: tuple[str, ...] = ()
    """How the daemon would then understand its files: dotted keys with both values."""
    links: dict[str, str] = {}
    obsolete_links: tuple[str, ...] = ()
    handlers_added: tuple[str, ...] = ()
    handlers_changed: tuple[str, ...] = ()
    handlers_removed: tuple[str, ...] = ()
    handlers_adopted: tuple[str, ...] = ()
    handlers_taken_over: dict[str, str] = {}
    """Handlers of predecessors -> file and line where they are cut out, "" = only served."""
    restart: bool = False
    why: str = ""
    pods_lost: tuple[str, ...] = ()
    """Pods that would not survive that restart."""
    runtimes_in_use: dict[str, tuple[str, ...]] = {}
    """Handlers that are to go -> who still uses them."""
    warnings: tuple[str, ...] = ()


class HandlerStatus(Model):
    """One handler that the daemon serves."""

    binary: str
    ours: bool
    installed: bool
    """Whether the binary is there; a handler declared ahead waits for it."""


class HostStatus(NodeReport):
    """What is on a node."""

    unit: str
    socket: str
    executable: str
    handlers: dict[str, HandlerStatus]
    runtimes: dict[str, str]
    """Installed runtimes by handler."""
    drift: tuple[str, ...]
    unfinished: bool
    """A run was ended in the middle of a change; the next one takes care of it."""
