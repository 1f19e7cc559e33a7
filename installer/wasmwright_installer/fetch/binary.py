"""Whether a file can run on this machine at all, by its first bytes."""

from wasmwright_installer.errors import ArtifactError

_ELF_MACHINES = {
    "x86_64": 62,
    "aarch64": 183,
    "armv7l": 40,
    "ppc64le": 21,
    "riscv64": 243,
    "s390x": 22,
}
_DATA, _MACHINE = 5, slice(18, 20)
_BIG_ENDIAN = 2


def refuse_foreign(runtime: str, content: bytes, machine: str) -> None:
    """Refuse what is neither a script nor a program for this machine.

    Args:
        runtime: whose binary it is.
        content: at least the first 20 bytes.
        machine: as `uname -m` says it; one that is not known here is not judged.
    """
    if content.startswith(b"#!"):
        return
    if not content.startswith(b"\x7fELF") or len(content) < _MACHINE.stop:
        raise ArtifactError(
            f"runtime {runtime!r}: the binary is neither an ELF program nor a script "
            f"(it begins with {content[:8]!r}); correct source.http.path",
            reason="NotExecutable",
        )
    is_big = content[_DATA] == _BIG_ENDIAN
    found = int.from_bytes(content[_MACHINE], "big" if is_big else "little")
    wanted = _ELF_MACHINES.get(machine)
    if wanted is not None and found != wanted:
        names = {number: name for name, number in _ELF_MACHINES.items()}
        raise ArtifactError(
            f"runtime {runtime!r}: the binary is built for {names.get(found, f'machine {found}')}, "
            f"this node is {machine}; correct the address for this architecture",
            reason="WrongArchitecture",
        )
