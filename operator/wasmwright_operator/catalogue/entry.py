"""One entry of the catalogue: a runtime, its releases, and what pods may expect of it."""

from collections import Counter
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from wasmwright_installer.contract import HANDLER_PATTERN, RuntimeType
from wasmwright_operator.catalogue.model import CatalogueModel
from wasmwright_operator.catalogue.pods import (
    ImageForm,
    MixedPods,
    NativeEnvironment,
    PodHints,
    Wasi,
)
from wasmwright_operator.catalogue.releases import Release

Handler = Annotated[str, Field(pattern=HANDLER_PATTERN)]
ClassName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$")]
Least = Annotated[str, Field(pattern=r"^[0-9]+[.][0-9]+([.][0-9]+)?$")]


class Status(StrEnum):
    """Whether the project still makes releases; a template is there to be copied."""

    CURRENT = "Current"
    ARCHIVED = "Archived"
    TEMPLATE = "Template"


class ContainerRuntimes(CatalogueModel):
    """With which container runtimes of nodes it works."""

    containerd: Least | None = None
    """The least version of containerd; absent = it does not work there."""
    crio: Least | None = None
    """The least version of CRI-O; absent = it does not work there."""


class OtherNames(CatalogueModel):
    """Names under which other installers offer it; they are not created unless asked for."""

    handlers: tuple[Handler, ...] = ()
    """CRI handlers."""
    runtime_classes: tuple[ClassName, ...] = ()
    """RuntimeClasses."""


class HostPackages(CatalogueModel):
    """What to install on nodes that have the binary from their distribution."""

    distribution: str
    """Name and version."""
    packages: tuple[str, ...]
    """Packages; empty = the distribution has none."""
    note: str = ""
    """What else is worth knowing."""


class Entry(CatalogueModel):
    """A runtime: one file of the catalogue."""

    schema_version: Literal[1]
    """The version of this form."""
    id: Handler
    """The name of the file, and of the WasmRuntime that is made of it."""
    title: str
    """What people call it."""
    summary: str
    """What it is, in one sentence."""
    homepage: str = Field(pattern=r"^https://\S+$")
    """The project's page."""
    license: str
    """SPDX expression."""
    status: Status
    """Whether the project still makes releases."""
    type: RuntimeType
    """How it is called: as a containerd shim, or like runc."""
    handler: Handler
    """The CRI handler."""
    runtime_classes: tuple[ClassName, ...] = Field(min_length=1)
    """RuntimeClasses to create: names that people's pods have."""
    other_names: OtherNames = OtherNames()
    """Names that other installers use for it."""
    architectures: tuple[str, ...] = Field(min_length=1)
    """Architectures of nodes, as in the node label `kubernetes.io/arch`."""
    container_runtimes: ContainerRuntimes
    """With which container runtimes it works, and from which version on."""
    pods_survive_restart: bool
    """Whether its running pods live through a restart of the container runtime."""
    wasi: tuple[Wasi, ...] = ()
    """What guests may use; empty = interfaces of its own."""
    images: tuple[ImageForm, ...] = Field(min_length=1)
    """How guests may be packed."""
    mixed_pods: MixedPods
    """What pods may hold beside wasm."""
    pod_metrics: bool | None = None
    """Whether the kubelet tells what its pods use of processor and memory; absent = not known."""
    pod_annotations: tuple[str, ...] = ()
    """Pod annotations that the handler has to be given."""
    pod_hints: PodHints = PodHints()
    """What a pod of the class has to say, or may."""
    host_packages: tuple[HostPackages, ...] = ()
    """What to install on nodes where the binary is not downloaded."""
    note: str = ""
    """What else is worth knowing."""
    releases: tuple[Release, ...] = Field(min_length=1)
    """Releases, the one that is installed by default first."""

    @model_validator(mode="after")
    def _versions_are_unique(self) -> Self:
        twice = [v for v, n in Counter(item.version for item in self.releases).items() if n > 1]
        if twice:
            raise ValueError(f"release {twice[0]} is given twice: remove one")
        return self

    @model_validator(mode="after")
    def _downloads_are_for_known_architectures(self) -> Self:
        for release in self.releases:
            found = Counter(item.arch for item in release.source.downloads)
            if found and found != Counter(self.architectures):
                raise ValueError(
                    f"release {release.version} has downloads for {', '.join(found.elements())}:"
                    f" architectures says {', '.join(self.architectures)}, one download for each"
                )
        return self

    def native_env(self, release: Release) -> NativeEnvironment:
        """Return what becomes of the environment of Linux containers with one release."""
        return release.native_env or self.mixed_pods.native_env
