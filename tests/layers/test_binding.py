"""What is bound works, and leaves Scapy as it was when it ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from scapy.all import (
    IP,
    UDP,
    AsyncSniffer,
    Ether,
    PcapReader,
    Raw,
    bind_layers,
    conf,
    lsc,
    rdpcap,
    sniff,
    split_layers,
    wrpcap,
)
from scapy.contrib import stun as scapy_stun
from scapy.contrib.rtcp import RTCP as ScapyRTCP
from scapy.layers.rtp import RTP as ScapyRTP
from scapy.layers.rtp import RTPExtension as ScapyRTPExtension

from dissectors.layers import LAYERS, RTCP, RTP, SDP, SIP, STUN, bind
from tests import made
from tests.layered import DATA, ROOT, sample

PORT = 16402


def test_importing_changes_nothing_in_scapy() -> None:
    code = (
        "from scapy.all import UDP, TCP, conf; before = UDP.payload_guess, list(UDP.payload_guess), TCP.payload_guess, "
        "list(conf.commands); import dissectors.layers; "
        "assert before == (UDP.payload_guess, list(UDP.payload_guess), TCP.payload_guess, list(conf.commands)); "
        "assert before[0] is UDP.payload_guess; import sys; assert 'scapy.contrib.stun' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def state() -> tuple[object, ...]:
    overloads = [dict(layer._overload_fields) for layer in LAYERS.values()]
    return id(UDP.payload_guess), list(UDP.payload_guess), overloads, list(conf.commands)


def test_undoing_restores_scapy_exactly_and_twice_is_fine() -> None:
    before = state()
    undo = bind(ports=(PORT, 3478))
    assert state() != before
    undo()
    undo.undo()
    assert state() == before
    with bind(everywhere=True):
        assert state() != before
    assert state() == before


def test_bindings_may_end_in_any_order_and_what_others_bound_stays() -> None:
    before = state()
    first, second = bind(ports=PORT), bind(ports=5060)
    bind_layers(UDP, Raw, dport=40_000)
    first()
    assert (UDP() / SIP()).sport == 5060
    second()
    assert UDP.payload_guess[-1] == ({"dport": 40_000}, Raw)
    split_layers(UDP, Raw, dport=40_000)
    assert state()[1:] == before[1:]


def test_a_binding_that_fails_within_its_block_is_undone() -> None:
    before = state()
    with pytest.raises(RuntimeError), bind(ports=PORT):
        raise RuntimeError
    assert state() == before


@pytest.mark.parametrize("given", [{}, {"ports": 65536}, {"ports": (5060, -1)}, {"ports": ["5060"]}, {"ports": []}])
def test_what_is_no_port_is_refused(given: dict[str, object]) -> None:
    before = state()
    with pytest.raises(ValueError):
        bind(**given)  # type: ignore[arg-type]
    assert state() == before


@pytest.mark.parametrize(("sport", "dport"), [(53, PORT), (PORT, 53), (PORT, 5353), (40_000, PORT)])
def test_a_named_port_is_ours_on_either_side(sport: int, dport: int) -> None:
    datagram = bytes(IP(dst="192.0.2.1") / UDP(sport=sport, dport=dport) / made.stun())
    with bind(ports=PORT):
        assert STUN in IP(datagram)
        assert type(IP(bytes(IP() / UDP(sport=sport, dport=dport) / b"nothing known"))[UDP].payload) is Raw


def test_a_range_of_ports_is_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    before = len(UDP.payload_guess)
    with bind(ports=range(16384, 32768)):
        assert len(UDP.payload_guess) == before + 2
        for port in (16384, 20_000, 32767):
            assert RTP in IP(bytes(IP() / UDP(sport=9, dport=port) / made.rtp(1)))
        assert RTP not in IP(bytes(IP() / UDP(sport=9, dport=32768) / made.rtp(1)))
        assert (UDP() / RTP()).dport == 16384
        UDP.upper_bonds()
        assert "<any of 16384 ports, 16384 to 32767>" in capsys.readouterr().out


def test_ports_are_filled_in_where_none_are_given() -> None:
    with bind(ports=PORT):
        assert ((UDP() / RTP()).sport, (UDP() / SIP()).dport, (UDP(sport=1) / STUN()).sport) == (PORT, PORT, 1)
    assert ((UDP() / SIP()).sport, (UDP() / SIP()).dport, (UDP() / STUN()).dport) == (5060, 5060, 3478)
    assert (UDP() / RTP()).dport == 53


def test_every_way_to_read_a_capture_gives_the_layers(tmp_path: Path) -> None:
    path = str(ROOT / "pcaps" / "facetime-2013.pcap")
    with bind(ports=PORT):
        reader = [packet for packet in PcapReader(path)]
        sniffer = AsyncSniffer(offline=path, store=True)
        sniffer.start()
        sniffer.join()
        found = (rdpcap(path), reader, sniff(offline=path), sniffer.results)
        kinds = (SIP, SDP, STUN, RTP, RTCP)
        counts = {tuple(sum(kind in packet for packet in packets) for kind in kinds) for packets in found}
        assert len(counts) == 1 and min(*counts) > 0
        wrpcap(str(tmp_path / "again.pcap"), reader)
        assert [bytes(each) for each in rdpcap(str(tmp_path / "again.pcap"))] == [bytes(each) for each in reader]


def test_lsc_lists_bind_while_something_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    with bind(ports=PORT), bind(ports=5060):
        lsc()
        assert capsys.readouterr().out.count("\nbind ") == 1
    lsc()
    assert "\nbind " not in capsys.readouterr().out


def test_bindings_come_and_go_in_several_threads_and_leave_scapy_as_it_was() -> None:
    before = list(UDP.payload_guess)
    failed: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for port in range(first, first + 60):
                with bind(ports=port):
                    UDP(b"\0\1\0\2\0\x08\0\0")
        except (KeyError, ValueError, RuntimeError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(20_000 + 100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert UDP.payload_guess == before


def test_a_binding_that_was_undone_says_so() -> None:
    binding = bind(ports=PORT)
    with binding:
        pass
    with pytest.raises(ValueError, match="bind again"), binding:
        pass


@pytest.mark.parametrize("ports", [None, 5060.0, True, "5060", [5060.0]])
def test_what_is_no_port_is_one_clear_error(ports: object) -> None:
    with pytest.raises(ValueError, match="ports are numbers"):
        bind(ports=ports)  # type: ignore[arg-type]  # that is the test


THEIRS = {"rtp": ScapyRTP, "rtcp": ScapyRTCP, "stun": scapy_stun.STUN}


def test_scapys_own_examples_are_the_same_with_ours_bound_and_after_the_undo() -> None:
    def views() -> list[object]:
        found: list[object] = []
        for path in sorted((DATA / "scapy").iterdir()):
            layer = THEIRS[path.stem.split("_")[0]](path.read_bytes())
            found += [layer.show(dump=True), layer.command(), bytes(layer), layer.summary(), layer.layers()]
        made_here = ScapyRTP(extension=1, payload_type="PCMA", sequence=4660) / ScapyRTPExtension(header=[0x11223344])
        found += [bytes(made_here), (UDP() / made_here).command(), (IP() / UDP() / scapy_stun.STUN()).command()]
        return [*found, scapy_stun.STUN in IP(bytes(IP() / UDP(sport=3478, dport=3478) / made.stun()))]

    before = views()
    with bind(ports=16402), bind(everywhere=True, plausible=False):
        during = views()
    assert during[:-1] == before[:-1]
    assert views() == before and before[-1] is True


def test_ours_win_over_scapys_stun_on_its_own_port_until_the_undo() -> None:
    datagram = bytes(IP() / UDP(sport=3478, dport=3478) / made.stun())
    assert scapy_stun.STUN in IP(datagram)
    with bind(ports=3478):
        assert STUN in IP(datagram) and scapy_stun.STUN not in IP(datagram)
    assert scapy_stun.STUN in IP(datagram)


def test_a_layer_that_a_user_bound_beside_ours_works() -> None:
    bind_layers(UDP, ScapyRTP, dport=9000)
    with bind(ports=16402):
        assert type(IP(bytes(IP() / UDP(sport=1, dport=9000) / made.rtp(1)))[UDP].payload) is ScapyRTP
    split_layers(UDP, ScapyRTP, dport=9000)


def test_scapys_classes_are_found_in_ours() -> None:
    with bind(ports=16402):
        media = Ether(made.frame(made.A, made.B, sample("scapy/rtp_extension")))
        control = Ether(made.frame(made.A, made.B, sample("scapy/rtcp_rr_sdes")))
    assert ScapyRTP in media and media[ScapyRTP] is media[RTP]
    assert media[ScapyRTPExtension].header == [0x16373131, 0x36363231, 0x20003000]
    assert ScapyRTCP in control and "RTCP" in control


def test_scapy_loads_the_layers_as_an_extension(tmp_path: Path) -> None:
    distribution = tmp_path / "muxshark-1.0.dist-info"
    distribution.mkdir()
    (distribution / "METADATA").write_text("Name: muxshark\nVersion: 1.0\nLicense-Expression: GPL-2.0-or-later\n")
    (distribution / "top_level.txt").write_text("dissectors\nmuxshark\n")
    code = (
        "from scapy.all import conf, load_layer; conf.exts.load('muxshark'); "
        "assert [each.name for each in conf.exts.exts] == ['muxshark']; load_layer('muxshark'); "
        "from scapy.layers.muxshark import SIP, bind; import dissectors.layers; assert SIP is dissectors.layers.SIP; "
        "assert bytes(SIP()).startswith(b'INVITE') and dict(conf.layers.layers())['dissectors.layers.sip']"
    )
    path = f"{tmp_path}:{ROOT}"
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "not" not in done.stderr, done.stderr
