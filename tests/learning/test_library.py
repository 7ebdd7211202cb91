"""The library: there, or a reason in words why not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from slicken.learning.engine import engine_library
from slicken.learning.engine.library import ABI, NAME, REASON, REMEDY, VARIABLE, load_installed

SETS = ("avx512", "avx2", "baseline", "neon")


def fake(folder: Path, source: str) -> Path:
    """A shared library of C that somebody else could have written."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    (folder / "fake.c").write_text(source, encoding="utf-8")
    words = [compiler, "-shared", "-fPIC", "-o", folder / NAME, folder / "fake.c"]
    subprocess.run(words, check=True)  # noqa: S603 - the compiler, found above
    return folder / NAME


def test_this_install_has_a_library_or_says_why_not() -> None:
    library = engine_library()
    if library.handle is None:
        assert library.problem.startswith("not built: ")
        assert library.instruction_set == ""
    else:
        assert library.problem == ""
        assert library.instruction_set in SETS
    assert not library.broken


def test_a_library_in_any_of_the_folders_is_loaded_and_asked_for_its_instruction_set(
    tmp_path: Path,
) -> None:
    source = (
        f"int slicken_abi(void) {{return {ABI};}} "
        'char* slicken_instruction_set(void) {return "neon";}'
    )
    path = fake(tmp_path, source)
    library = load_installed((tmp_path / "without", tmp_path))
    assert (library.path, library.problem, library.broken) == (path, "", False)
    assert library.instruction_set == "neon"


def test_the_reason_of_an_install_without_a_library_is_told(tmp_path: Path) -> None:
    (tmp_path / REASON).write_text("no C++ compiler was found\n", encoding="utf-8")
    library = load_installed((tmp_path / "without", tmp_path))
    assert library.problem == "not built: no C++ compiler was found"
    assert not library.broken
    assert "compiler" in REMEDY


def test_sources_that_were_never_installed_have_no_library(tmp_path: Path) -> None:
    assert "never installed" in load_installed((tmp_path,)).problem


def test_a_damaged_library_is_broken(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\x7fELF, or so it says")
    library = load_installed((tmp_path,))
    assert library.broken
    assert library.problem.startswith("built, but cannot be loaded: ")
    assert NAME in library.problem


def test_a_library_of_other_sources_is_broken(tmp_path: Path) -> None:
    fake(tmp_path, "int slicken_abi(void) {return 7;}")
    library = load_installed((tmp_path,))
    assert library.broken
    assert library.problem.endswith(f"has interface 7, not {ABI}")


def test_a_library_of_somebody_else_is_broken(tmp_path: Path) -> None:
    path = fake(tmp_path, "int something_else(void) {return 1;}")
    library = load_installed((tmp_path,))
    assert library.broken
    assert f"{path} is not a library of slicken" in library.problem


def test_another_build_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.so"))
    library = engine_library()
    assert library.broken
    assert f"{VARIABLE} names {tmp_path / 'none.so'}" in library.problem
