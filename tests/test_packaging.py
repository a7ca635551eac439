"""What a user gets: the wheel, the source distribution, and `run.py` on a machine with a bare Python."""
from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import msgspec
import pytest
import setuptools

from dissectors import cli
from dissectors.outputs import manual
from tools import environment, pip_wheel

ROOT = Path(__file__).resolve().parent.parent
LITTER = shutil.ignore_patterns(".git", ".*_cache", ".venv", ".hypothesis", "__pycache__", "build", "*.egg-info")

builds = pytest.mark.skipif(
    int(setuptools.__version__.partition(".")[0]) < 77,
    reason="needs the setuptools of the test extra, because the package index may be out of reach",
)


def build(hook: str, tree: Path, target: Path, **variables: str) -> Path:
    """Call a hook of the build backend (PEP 517) as an installer does, without fetching anything."""
    code = "import sys; from setuptools import build_meta; print(getattr(build_meta, sys.argv[1])(sys.argv[2]))"
    done = subprocess.run(
        [sys.executable, "-c", code, hook, str(target)], cwd=tree, check=True, capture_output=True, text=True,
        env={**os.environ, **variables},
    )
    return target / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout to build in."""
    folder = tmp_path_factory.mktemp("packaging") / "muxshark"
    shutil.copytree(ROOT, folder, ignore=LITTER)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    return folder


@pytest.fixture(scope="module")
def wheel(tree: Path) -> Path:
    return build("build_wheel", tree, tree.parent, MUXSHARK_PURE="1")


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("build_sdist", tree, tmp_path_factory.mktemp("sdist"))


@builds
def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dissectors").rglob("*.py")}
    stubs = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dissectors").rglob("*.pyi")}
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dissectors").rglob("templates/*")}
    assert templates and modules | stubs | templates | {"dissectors/py.typed"} <= names
    door = {"muxshark.py"}
    pages = {f"muxshark-0.1.0.data/data/share/man/man1/{name}" for name in manual.pages(cli.parser(), "0.1.0")}
    assert {name for name in names if not name.startswith("dissectors/")} == door | pages | {
        f"muxshark-0.1.0.dist-info/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE")
    }


@builds
def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    content = zipfile.ZipFile(wheel)
    metadata = HeaderParser().parsestr(content.read("muxshark-0.1.0.dist-info/METADATA").decode())
    assert (metadata["Name"], metadata["Version"]) == ("muxshark", "0.1.0")
    assert metadata["License-Expression"] == "GPL-2.0-or-later"
    assert metadata["Requires-Python"] == ">=3.10"
    assert str(metadata.get_payload()).startswith("# muxshark")
    needed = {line.split(">=")[0] for line in metadata.get_all("Requires-Dist", []) if "extra" not in line}
    assert needed == {"scapy", "dpkt", "rich", "pyshark", "msgspec"}
    assert "muxshark = dissectors.__main__:main" in content.read("muxshark-0.1.0.dist-info/entry_points.txt").decode()


INSTALLED = """
import dissectors

reveal_type(dissectors.analyze("a.pcap").streams[0].lost)
reveal_type(dissectors.parse(b"", "SIP"))
reveal_type(next(dissectors.datagrams("a.pcap")).parse())
dissectors.analyze(5)
"""
REVEALED = (
    'Revealed type is "int"',
    'Revealed type is "dissectors.protocols.sip_message.Message"',
    "dissectors.protocols.rtcp.Compound",
    'Argument 1 to "analyze" has incompatible type "int"',
)


@builds
def test_a_type_checker_reads_what_is_installed(wheel: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the type checker is of the lint extra")
    venv.create(tmp_path / "venv", with_pip=False, symlinks=os.name == "posix")
    python = environment.Environment(tmp_path / "venv", tmp_path).program("python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    packages = Path(done.stdout.strip())
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "others.pth").write_text(str(Path(msgspec.__file__).parents[1]), encoding="utf-8")
    (tmp_path / "used.py").write_text(INSTALLED, encoding="utf-8")
    words = ["--strict", "--config-file=", f"--python-executable={python}", "used.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    said = done.stdout.splitlines()
    assert len(said) == len(REVEALED) + 1, done.stdout + done.stderr
    for line, revealed in zip(said, REVEALED, strict=False):
        assert revealed in line.replace("builtins.int", "int")


@builds
def test_the_wheel_runs_by_either_name(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for name in ("muxshark", "dissectors"):
        words = [sys.executable, "-m", name, "--version"]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("muxshark 0.1.0 (scan: interpreted")


@builds
def test_the_source_distribution_builds_the_same_wheel_and_brings_its_tests(
    sdist: Path, wheel: Path, tmp_path: Path
) -> None:
    safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    shutil.unpack_archive(sdist, tmp_path, **safely)
    unpacked = tmp_path / "muxshark-0.1.0"
    for name in ("run.py", "tools/start.py", "tests/test_packaging.py", "pcaps/facetime-2013.pcap", "LICENSE"):
        assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes()
    again = build("build_wheel", unpacked, tmp_path, MUXSHARK_PURE="1")
    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


@builds
def test_the_source_distribution_brings_the_generated_c(sdist: Path) -> None:
    pytest.importorskip("Cython", reason="the C is generated by Cython")
    with tarfile.open(sdist) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "dissectors").rglob("*.pyx")}
    assert sources and sources | {name.removesuffix("pyx") + "c" for name in sources} <= names


@builds
def test_without_a_compiler_the_wheel_comes_without_the_compiled_scan(tree: Path, tmp_path: Path) -> None:
    pytest.importorskip("Cython", reason="without Cython nothing is compiled anyway")
    wheel = build("build_wheel", tree, tmp_path, CC="no-such-compiler")
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith((".so", ".pyd"))]
    with pytest.raises(subprocess.CalledProcessError) as failed:
        build("build_wheel", tree, tmp_path, CC="no-such-compiler", MUXSHARK_REQUIRE_EXTENSION="1")
    assert "no-such-compiler" in failed.value.stderr


def test_run_py_can_be_read_by_a_python_of_old() -> None:
    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 4))


def test_run_py_says_in_one_line_that_python_is_too_old() -> None:
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path(sys.argv[1], run_name='__main__')"
    words = [sys.executable, "-c", code, str(ROOT / "run.py")]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("run.py: muxshark needs Python 3.10 or newer; this is ")
    assert done.stderr.count("\n") == 1


def test_the_environment_is_in_the_checkout(tmp_path: Path) -> None:
    assert environment.place(tmp_path) == tmp_path / ".venv"


def test_the_environment_leaves_that_of_another_tool_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / ".venv").mkdir()
    folder = environment.place(tmp_path)
    assert folder.is_relative_to(tmp_path / "cache" / "muxshark")
    assert capsys.readouterr().err == f"run.py: another tool made .venv here: the environment is {folder}\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_the_environment_of_a_read_only_checkout_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    checkout = tmp_path / "checkout"
    checkout.mkdir(mode=0o555)
    folder = environment.place(checkout)
    assert folder.is_relative_to(tmp_path / "cache" / "muxshark")
    assert "the checkout cannot be written to" in capsys.readouterr().err


def finished(checkout: Path, *extras: str) -> environment.Environment:
    """An environment with its stamp, as a set-up that came to its end leaves it."""
    made = environment.Environment(checkout / ".venv", checkout)
    made.programs.mkdir(parents=True)
    made.program("python").touch()
    stamp = {**environment.terms(made), "extras": list(extras)}
    (made.folder / environment.STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    return made


def test_a_finished_environment_is_ready_for_what_it_holds(tmp_path: Path) -> None:
    made = finished(tmp_path, "test")
    assert environment.is_ready(made, ())
    assert environment.is_ready(made, ("test",))
    assert not environment.is_ready(made, ("lint", "test"))


def test_a_command_does_not_wait_for_the_compiled_scan_and_the_tests_do(tmp_path: Path) -> None:
    made = finished(tmp_path)
    environment.write_stamp(made, {**environment.stamp(made), environment.SCAN: environment.LATER})
    assert environment.is_ready(made, ()) and not environment.is_ready(made, (), compiled=True)
    assert environment.is_unfinished(made)


def test_the_compiled_scan_is_built_once_behind_the_first_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = finished(tmp_path)
    environment.write_stamp(made, {**environment.stamp(made), environment.SCAN: environment.LATER})
    steps: list[tuple[object, ...]] = []
    monkeypatch.setattr(environment, "run", lambda _, *words, **variables: steps.append((*words, variables)))
    environment.finish(made)
    environment.finish(made)
    assert len(steps) == 1 and "--no-deps" in steps[0] and steps[0][-1] == {}
    assert not environment.is_unfinished(made) and environment.is_ready(made, (), compiled=True)
    assert capsys.readouterr().err.count("building the compiled scan, once") == 1


def test_what_is_installed_first_is_not_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = finished(tmp_path)
    steps: list[dict[str, str]] = []
    monkeypatch.setattr(environment, "run", lambda _, *words, **variables: steps.append(variables))
    monkeypatch.setattr(environment, "has_compiler", lambda: True)
    environment.build(made, (), compiled=False)
    assert steps == [{"MUXSHARK_PURE": "1"}] and environment.is_unfinished(made)
    monkeypatch.setattr(environment, "has_compiler", lambda: False)
    environment.build(made, (), compiled=False)
    assert steps[1:] == [{"MUXSHARK_PURE": "1"}] and not environment.is_unfinished(made)
    monkeypatch.setattr(environment, "has_compiler", lambda: True)
    environment.build(made, (), compiled=True)
    assert steps[2:] == [{}] and not environment.is_unfinished(made)


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Collecting scapy>=2.6.1 (from muxshark==0.1.0)\n", "fetching scapy"),
        ("  Building editable for muxshark (pyproject.toml): started\n", "building muxshark"),
        ("  Installing build dependencies: started\n", "fetching what the build needs"),
        ("Requirement already satisfied: rich\n", None),
    ],
)
def test_a_step_of_the_set_up_is_said_in_plain_words(line: str, step: str | None) -> None:
    assert environment.step_of(line) == step


@pytest.mark.parametrize("name", ["setup.cfg", "pyproject.toml", "setup.py"])
def test_a_change_in_its_terms_makes_the_environment_stale(tmp_path: Path, name: str) -> None:
    made = finished(tmp_path)
    (tmp_path / name).write_text("other", encoding="utf-8")
    assert not environment.is_ready(made, ())


@pytest.mark.parametrize("loss", ["the stamp", "half the stamp", "python", "another python"])
def test_an_environment_that_is_not_whole_is_not_ready(tmp_path: Path, loss: str) -> None:
    made = finished(tmp_path)
    stamp = made.folder / environment.STAMP
    text = stamp.read_text(encoding="utf-8")
    {
        "the stamp": stamp.unlink,
        "half the stamp": lambda: stamp.write_text(text[:40], encoding="utf-8"),
        "python": made.program("python").unlink,
        "another python": lambda: stamp.write_text(text.replace(sys.implementation.cache_tag, "cpython-39"), "utf-8"),
    }[loss]()
    assert not environment.is_ready(made, ())


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("Collecting\n\nERROR: No matching distribution found for rich>=99\nnote: so\n", "ERROR: No matching distri"),
        ("WARNING: Retrying after connection broken by 'X'\nERROR: No matching", "the package index cannot be reached"),
        ("ERROR: [Errno 28] No space left on device\n", "the disk is full"),
        ("Traceback\nKilled\n", "Killed"),
        ("", "without a word"),
    ],
)
def test_a_failed_step_says_what_tells_most(output: str, said: str) -> None:
    assert environment.telling(output).startswith(said)


INDEX = """<!DOCTYPE html><html><body>
<a href="pip-9.0-py3-none-any.whl#sha256={old}">pip-9.0-py3-none-any.whl</a>
<a href="pip-25.1-py3-none-any.whl#sha256={good}" data-requires-python="&gt;=3.9">pip-25.1-py3-none-any.whl</a>
<a href="pip-25.2b1-py3-none-any.whl#sha256={good}">a beta</a>
<a href="pip-25.3-py3-none-any.whl#sha256={good}" data-yanked="broken">yanked</a>
<a href="pip-25.4-py3-none-any.whl">without a hash</a>
<a href="pip-99.0-py3-none-any.whl#sha256={good}" data-requires-python="&gt;=3.99">for a later Python</a>
<a href="pip-25.5.tar.gz#sha256={good}">no wheel</a>
</body></html>"""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, and nothing but it in pip's settings."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    folder = tmp_path / "simple" / "pip"
    folder.mkdir(parents=True)
    (folder / "pip-25.1-py3-none-any.whl").write_bytes(b"the wheel")
    good = hashlib.sha256(b"the wheel").hexdigest()
    (folder / "index.html").write_text(INDEX.format(good=good, old="0" * 64), encoding="utf-8")
    monkeypatch.setenv("PIP_INDEX_URL", folder.parent.as_uri())
    return folder


def test_pip_is_the_newest_wheel_that_the_index_vouches_for(index: Path, tmp_path: Path) -> None:
    fetched = pip_wheel.fetch_pip(tmp_path)
    assert fetched == tmp_path / "pip-25.1-py3-none-any.whl"
    assert fetched.read_bytes() == b"the wheel"


def test_a_wheel_that_is_not_what_the_index_promises_is_not_used(index: Path, tmp_path: Path) -> None:
    (index / "pip-25.1-py3-none-any.whl").write_bytes(b"another wheel")
    with pytest.raises(pip_wheel.Unavailable, match="is not what the index promises"):
        pip_wheel.fetch_pip(tmp_path)
    assert not (tmp_path / "pip-25.1-py3-none-any.whl").exists()


def test_a_second_index_helps_out_and_a_password_is_never_shown(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "gopher://user:secret@index.example/simple")
    with pytest.raises(pip_wheel.Unavailable) as caught:
        pip_wheel.fetch_pip(tmp_path)
    assert str(caught.value) == (
        "pip cannot be fetched: gopher://index.example/simple/pip/: gopher scheme cannot be used"
    )
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.parent.as_uri())
    assert pip_wheel.fetch_pip(tmp_path).read_bytes() == b"the wheel"


def test_pip_settings_come_from_files_and_the_variables_win(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a.example\ncert = /a.pem\nproxy = a:1\n"
        "[install]\nextra_index_url = https://b.example\nproxy = b:2\n[list]\nformat = json\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://c.example")
    settings = pip_wheel.pip_settings()
    wanted = {"index-url": "https://c.example", "extra-index-url": "https://b.example"}
    assert {**wanted, "cert": "/a.pem", "proxy": "b:2"}.items() <= settings.items()
    assert "format" not in settings
