import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.growth.command import fit_exponent
from benchmarks.growth.programs import Program, inject, load_programs, prepare, time_once

PROGRAMS = load_programs()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: f"{one.kind}-{one.language}")
def test_every_program_has_one_place_for_its_kind(program: Program) -> None:
    assert inject(program) != program.text
    assert inject(program).count("\n") >= program.text.count("\n") - 3


def test_a_program_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one place, found 0"):
        inject(Program("list-for-set", "python", (1,), "x = 1\n"))


@pytest.mark.parametrize(("power", "sizes"), [(1, (10, 20, 40)), (2, (10, 20, 40)), (0, (5, 50))])
def test_the_exponent_of_a_power_is_found(power: int, sizes: tuple[int, ...]) -> None:
    assert fit_exponent(sizes, [3e-4 * size**power for size in sizes]) == pytest.approx(power)


@pytest.mark.parametrize("program", [one for one in PROGRAMS if one.language == "python"], ids=lambda one: one.kind)
def test_both_versions_run(program: Program, tmp_path: Path) -> None:
    for name, text in (("sound", program.text), ("injected", inject(program))):
        command = prepare(text, program.language, tmp_path / name)
        assert command[0] == sys.executable
        assert time_once(command, 10) >= 0


@pytest.mark.skipif(shutil.which("javac") is None, reason="javac is not installed")
def test_injected_java_compiles(tmp_path: Path) -> None:
    for idx, program in enumerate(one for one in PROGRAMS if one.language == "java"):
        assert time_once(prepare(inject(program), "java", tmp_path / str(idx)), 10) >= 0


def test_a_program_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        time_once(prepare("raise SystemExit(3)\n", "python", tmp_path / "a"), 1)
