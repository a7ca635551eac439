"""Interfaces by number and name, and the link layer of each."""

from __future__ import annotations

from dissectors.sources.interface.interfaces import Interface, interfaces, link_of, name_of


def test_an_interface_can_be_given_by_the_number_that_the_list_has() -> None:
    for number, interface in enumerate(interfaces(), 1):
        assert name_of(str(number)) == name_of(interface.name) == interface.name


def test_an_unknown_kind_of_interface_is_cooked() -> None:
    assert link_of(Interface("eth0", hardware=1)) == (1, True)
    assert link_of(Interface("tun0", hardware=65534)) == (101, True)
    assert link_of(Interface("ppp0", hardware=512)) == (276, False)
    assert link_of(Interface("any")) == (276, False)
