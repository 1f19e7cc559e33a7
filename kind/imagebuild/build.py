"""Build both images, or find that they are there already."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imagebuild import archive, base, buildah, docker, wheels
from imagebuild.recipe import ImageNames, Part, image_names
from localcluster import apt, locks, paths
from localcluster.progress import Progress, silent

KEPT_ARCHIVES: Final = 3
"""How many builds the cache keeps; each is 80 MB."""

Build = Callable[[Part, Path], None]


@dataclass(frozen=True, slots=True)
class Images:
    """The images of one build."""

    names: ImageNames
    archive: Path | None
    """One OCI archive with both; None where docker keeps them."""


def ensure(progress: Progress = silent) -> Images:
    """Return the images of the present source as an archive, building them with buildah."""
    install_tools(progress)
    root = base.root_file_system(progress)
    names = image_names(base.reference(root))
    home = paths.cache_root() / "images"
    target = home / f"wasmwright-{names.tag}.tar"
    if target.exists():
        return Images(names, target)
    with locks.exclusive(home / ".lock"):
        if not target.exists():
            _build_archive(names, root, target, progress)
            _forget_old(home)
    return Images(names, target)


def install_tools(progress: Progress) -> None:
    """Install what building takes, if it is missing; apt allows one such run at a time."""
    apt.install_missing(progress)
    apt.install(buildah.missing_packages(), progress)


def ensure_in_docker(progress: Progress = silent) -> Images:
    """Return the images of the present source, built with docker and kept there."""
    names = image_names("docker")
    if not all(docker.has(names.reference(part)) for part in Part):

        def build(part: Part, context: Path) -> None:
            docker.build(names.reference(part), str(part.containerfile), str(context))

        with tempfile.TemporaryDirectory() as work:
            _build_all(Path(work), build, progress)
    return Images(names, None)


def _build_archive(names: ImageNames, root: Path, target: Path, progress: Progress) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as directory:
        work = Path(directory)
        base_name = buildah.ensure_base(root, work, progress)

        def build(part: Part, context: Path) -> None:
            buildah.build(names.reference(part), part.containerfile, context, {"BASE": base_name})
            buildah.push(names.reference(part), work / "layout")

        _build_all(work, build, progress)
        archive.pack(work / "layout", target)


def _build_all(work: Path, build: Build, progress: Progress) -> None:
    own = work / "dist"
    with ThreadPoolExecutor() as pool:
        downloads = {part: pool.submit(wheels.ensure_dependencies, part, progress) for part in Part}
        wheels.build_own(own)
    for part in Part:
        progress(f"building the image of the {part}")
        context = work / part
        wheels.lay_out_context(part, own, downloads[part].result(), context)
        build(part, context)


def _forget_old(home: Path) -> None:
    archives = sorted(home.glob("wasmwright-*.tar"), key=lambda path: path.stat().st_mtime)
    for path in archives[:-KEPT_ARCHIVES]:
        path.unlink()
