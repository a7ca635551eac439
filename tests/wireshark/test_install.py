"""Installing replaces what is ours and leaves what is somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from dissectors.wireshark import install
from dissectors.wireshark.plugin import Defaults, render


def test_installing_again_replaces_the_first_and_uninstalling_removes_it(tmp_path: Path) -> None:
    place = tmp_path / "plugins"
    install.install(render(Defaults(ports="1111")), place, "mux")
    path = install.install(render(), place, "mux")
    assert [*place.iterdir()] == [path]
    assert path.read_text(encoding="utf-8") == render()
    assert install.uninstall(place, "mux") == path
    assert install.uninstall(place, "mux") is None
    assert not [*place.iterdir()]


def test_the_plugin_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "mux.lua"
    other.write_text("-- mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        install.install(render(), tmp_path, "mux")
    assert install.uninstall(tmp_path, "mux") is None
    assert other.read_text(encoding="utf-8") == "-- mine"


def test_installing_over_a_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "checkout.lua"
    target.write_text(render(), encoding="utf-8")
    for place, to in (("whole", target), ("dangling", tmp_path / "nowhere")):
        (tmp_path / place).mkdir()
        link = tmp_path / place / "mux.lua"
        link.symlink_to(to)
        with pytest.raises(FileExistsError, match="is a link to"):
            install.install(render(), tmp_path / place, "mux", force=True)
        assert link.is_symlink()
