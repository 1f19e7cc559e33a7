"""What people who write pods for a runtime have to know of it."""

from enum import StrEnum

from pydantic import Field

from wasmwright_operator.catalogue.model import CatalogueModel


class Wasi(StrEnum):
    """What of WASI, and beside it, guests may use."""

    PREVIEW1 = "p1"
    PREVIEW2 = "p2"
    HTTP = "http"
    WASIX = "wasix"
    SOCKETS = "sockets"


class ImageForm(StrEnum):
    """How a guest may be packed.

    LinuxImage: an image for linux with the module in it. WasmImage: the same for the platform
    wasip1/wasm, as a single manifest. WasmLayers: raw modules as layers. WasmArtifact: the artifact
    of the CNCF; its pods must give a command. SpinArtifact: what `spin registry push` makes.
    SpinImage: an image for linux with /spin.toml. AppImage: an image in the runtime's own layout.
    WasmLayers, WasmArtifact and SpinArtifact need containerd 1.6.25, 1.7.7, 2.0 or later.
    """

    LINUX_IMAGE = "LinuxImage"
    WASM_IMAGE = "WasmImage"
    WASM_LAYERS = "WasmLayers"
    WASM_ARTIFACT = "WasmArtifact"
    SPIN_ARTIFACT = "SpinArtifact"
    SPIN_IMAGE = "SpinImage"
    APP_IMAGE = "AppImage"


class NativeEnvironment(StrEnum):
    """What becomes of the environment variables of Linux containers in a pod of the class.

    Intact: they have their own. Lost: they see those of the container runtime instead, so that
    sidecars which are configured by environment do not work.
    """

    INTACT = "Intact"
    LOST = "Lost"
    UNKNOWN = "Unknown"


class MixedPods(CatalogueModel):
    """What a pod may hold beside wasm: a RuntimeClass is for all containers of a pod."""

    supported: bool
    """Whether Linux containers run beside wasm ones at all."""
    native_env: NativeEnvironment = NativeEnvironment.UNKNOWN
    """Whether Linux containers keep their environment; a release may differ."""
    exec: bool
    """Whether `kubectl exec`, exec probes and exec hooks work in containers of the pod."""
    tty: bool
    """Whether containers with `tty: true` start."""


class PodHints(CatalogueModel):
    """What a pod of the class has to say, or may."""

    command: tuple[str, ...] = ()
    """The command that images of the runtime's own form need."""
    port: int = Field(default=0, ge=0, le=65535)
    """Where an app listens if nothing else is said; 0 = apps listen by themselves, if at all."""
    port_variable: str = ""
    """The environment variable that sets another address."""
    annotations: dict[str, str] = Field(default={})
    """Annotations without which wasm is not recognised."""
