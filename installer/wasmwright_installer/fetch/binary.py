"""Whether a file can run on this machine at all, by its first bytes."""

from wasmwright_installer.detect.programs import parse_program
from wasmwright_installer.errors import ArtifactError


def refuse_foreign(runtime: str, content: bytes, machine: str) -> None:
    """Refuse what is neither a script nor a program for this machine.

    Args:
        runtime: whose binary it is.
        content: at least the first 20 bytes.
        machine: as `uname -m` says it; one that is not known here is not judged.
    """
    program = parse_program(content)
    if program is None:
        raise ArtifactError(
            f"runtime {runtime!r}: the binary is neither an ELF program nor a script "
            f"(it begins with {content[:8]!r}); correct the source's path",
            reason="NotExecutable",
        )
    if not program.fits(machine):
        raise ArtifactError(
            f"runtime {runtime!r}: the binary is built for {program.machine_name()}, "
            f"this node is {machine}; correct the address for this architecture",
            reason="WrongArchitecture",
        )
