from pathlib import Path

import pytest

from imagebuild import recipe
from imagebuild.recipe import ImageNames, Part, image_names


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with everything that the images are made of."""
    files = [
        *recipe._PROJECT_FILES,
        "operator/o/main.py",
        "installer/i/cli.py",
        "installer/i/x.proto",
    ]
    files += [f"requirements/{part}.txt" for part in Part]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    containerfiles = tmp_path / "deploy/images"
    containerfiles.mkdir(parents=True)
    (containerfiles / "smoke-test.wat").write_text("(module)")
    for part in Part:
        (containerfiles / f"{part}.Containerfile").write_text("FROM base")
    monkeypatch.setattr(recipe, "REPOSITORY", tmp_path)
    monkeypatch.setattr(recipe, "CONTAINERFILES", containerfiles)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml",
        "operator/o/main.py",
        "installer/i/x.proto",
        "requirements/installer.txt",
        "deploy/images/operator.Containerfile",
        "deploy/images/smoke-test.wat",
    ],
)
def test_tag__anything_that_goes_in__changes_it(tree: Path, name: str) -> None:
    before = image_names("base")

    (tree / name).write_text("other")

    assert image_names("base") != before


@pytest.mark.parametrize(
    "name",
    ["operator/o/__pycache__/main.cpython-311.pyc", "installer/i/x_pb2.py", "tests/unit/test_x.py"],
)
def test_tag__what_is_generated_or_not_shipped__does_not(tree: Path, name: str) -> None:
    before = image_names("base")

    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("other")

    assert image_names("base") == before


def test_tag__a_file_renamed__changes_it(tree: Path) -> None:
    before = image_names("base")

    (tree / "operator/o/main.py").rename(tree / "operator/o/other.py")

    assert image_names("base") != before


def test_tag__another_base__changes_it(tree: Path) -> None:
    assert tree.is_dir()
    assert image_names("base") != image_names("other base")


def test_reference__is_found_on_the_node_only() -> None:
    assert ImageNames("t").reference(Part.OPERATOR) == "localhost/wasmwright/operator:t"


def test_recipe__of_this_checkout__is_complete() -> None:
    assert all(part.containerfile.is_file() and part.requirements.is_file() for part in Part)
    shipped = {path.name for path in recipe.source_files()}
    assert {"pyproject.toml", "document.py", "names.py"} <= shipped
