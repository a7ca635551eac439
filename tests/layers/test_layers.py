"""The Scapy layers as a whole: they agree with the table, give back every octet, and leave Scapy as it was."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.all import (
    DNS,
    IP,
    UDP,
    AsyncSniffer,
    Ether,
    IPv6,
    Packet,
    Padding,
    PcapReader,
    Raw,
    bind_layers,
    conf,
    fuzz,
    lsc,
    rdpcap,
    sniff,
    split_layers,
    wrpcap,
)

from dissectors import layers
from dissectors.layers import LAYERS, RTCP, RTP, SDP, SIP, STUN, TURN, Mux, bind
from dissectors.mux.classify import classify
from tests import made

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
CAPTURES = sorted((ROOT / "pcaps").glob("*.pcap"))
NAMES = {name: getattr(layers, name) for name in layers.__all__} | {"Raw": Raw, "Padding": Padding}
PORT = 16402


@pytest.fixture(autouse=True)
def bugs_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scapy turns an exception in a layer into Raw, unless it is told not to."""
    monkeypatch.setattr(conf, "debug_dissector", True)


@cache
def samples() -> tuple[bytes, ...]:
    """The payloads of the samples, and those of the captures that are made."""
    kinds = ("sip", "stun", "dtls", "zrtp", "rtp", "rtcp")
    found = [path.read_bytes() for kind in kinds for path in sorted((DATA / kind).iterdir())]
    found += [bytes.fromhex(one["payload"]) for one in json.loads((DATA / "singles.json").read_text())]
    for path in CAPTURES:
        found += [bytes(packet[UDP].payload) for packet in rdpcap(str(path)) if UDP in packet]
    return tuple(dict.fromkeys(filter(None, found)))


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """A few octets changed, then perhaps cut, prolonged or with a piece taken out."""
    changed = bytearray(octets)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(changed), chance.choice((4, 24, len(changed)))))
        changed[at] = chance.choice((0, 1, 10, 13, 32, 58, 255, chance.randrange(256)))
    first, second = chance.randrange(len(changed) + 1), chance.randrange(len(changed) + 1)
    kinds = (changed, changed, changed[:first], changed + chance.randbytes(9), changed[:first] + changed[second:])
    return bytes(chance.choice(kinds))


def holds(octets: bytes) -> Packet:
    """The layer of some octets, after checking that it is the right one and gives them back."""
    layer = Mux(octets)
    assert type(layer) is LAYERS.get(classify(octets).protocol, Raw), octets
    assert bytes(layer) == octets
    layer.clear_cache()
    assert bytes(layer) == octets
    return layer


def test_every_protocol_of_the_table_has_a_layer() -> None:
    from dissectors.mux.table import PROTOCOLS

    assert [*LAYERS, "UNKNOWN"] == list(PROTOCOLS)


def test_every_sample_is_the_layer_that_the_table_says_and_gives_back_its_octets() -> None:
    for octets in samples():
        holds(octets)


def test_random_and_mutated_octets_are_what_the_table_says_and_come_back() -> None:
    chance = random.Random(16402)
    pool = samples()
    for _ in range(10_000):
        octets = mutated(chance.choice(pool), chance)
        for each in filter(None, (octets, chance.randbytes(chance.randint(1, 60)))):
            holds(each)


def test_two_hundred_thousand_random_and_mutated_octets_get_the_class_that_the_table_says() -> None:
    chance = random.Random(7983)
    pool = samples()
    for _ in range(100_000):
        for octets in filter(None, (mutated(chance.choice(pool), chance), chance.randbytes(chance.randint(1, 40)))):
            assert Mux.dispatch_hook(octets) is LAYERS.get(classify(octets).protocol, Raw), octets


@given(st.binary(max_size=200))
def test_any_octets_make_every_layer_and_come_back(octets: bytes) -> None:
    for layer in LAYERS.values():
        if octets:
            found = layer(octets)
            found.clear_cache()
            assert bytes(found) == octets


def test_every_prefix_of_every_sample_makes_a_layer_that_comes_back() -> None:
    paths = [path for kind in ("sip", "stun", "rtcp", "rtp") for path in sorted((DATA / kind).iterdir())]
    for octets in [path.read_bytes()[:700] for path in paths]:
        layer = LAYERS.get(classify(octets).protocol)
        for end in range(1, len(octets)) if layer else ():
            cut = layer(octets[:end])
            cut.clear_cache()
            assert bytes(cut) == octets[:end]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_a_frame_shows_what_scapy_shows_of_any(path: Path) -> None:
    with bind(everywhere=True):
        for packet in rdpcap(str(path))[:80]:
            assert packet.summary() and "\x1b" not in packet.summary()
            assert packet.show(dump=True) and repr(packet) and packet.json()
            assert packet.copy() == packet
            assert bytes(pickle.loads(pickle.dumps(packet))) == bytes(packet)


def test_the_command_of_a_layer_builds_it_again() -> None:
    chance = random.Random(8489)
    for octets in (*samples()[:400], *(mutated(each, chance) for each in samples()[:400])):
        if octets:
            assert bytes(eval(Mux(octets).command(), dict(NAMES))) == octets


def test_fuzz_and_defaults_build_every_layer() -> None:
    kinds = [kind for kind in NAMES.values() if isinstance(kind, type) and issubclass(kind, Packet) and kind is not Mux]
    for kind in kinds:
        assert bytes(kind(bytes(kind()))) == bytes(kind())
        for _ in range(10):
            bytes(fuzz(kind()))


def test_a_datagram_that_the_capture_cut_is_judged_by_the_length_of_its_header() -> None:
    whole = made.rtp(1)
    frame = made.frame(made.A, made.B, whole)
    for kept in (4, 10, 20):
        with bind(ports=PORT):
            packet = Ether(frame[: len(frame) - len(whole) + kept])
        assert type(packet[UDP].payload) is LAYERS[classify(whole[:kept], len(whole)).protocol]
        packet.clear_cache()
        assert bytes(packet) == frame[: len(frame) - len(whole) + kept]


def test_a_length_that_ip_has_no_room_for_is_not_believed() -> None:
    payload = made.rtcp()
    packet = IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=PORT, dport=PORT, len=900) / payload
    with bind(ports=PORT):
        assert RTCP in IP(bytes(packet))


def test_what_a_channel_carries_is_dissected_but_not_what_a_channel_in_it_carries() -> None:
    inner = made.channel_data(made.rtp(1))
    assert TURN(inner).layers() == [TURN, RTP, Raw]
    session = TURN(b"\xff\x10\0\x50" + b"8 octets" + made.rtp(1) + b"more")
    assert session.layers() == [TURN, RTP, Raw, Padding]
    assert (session.channel, session.session, bytes(session[RTP])[:84]) == (0xFF10, b"8 octets", made.rtp(1) + b"more")
    built = TURN(channel=0xFF10, session=b"8 octets") / Raw(b"abc")
    assert bytes(built) == b"\xff\x10\0\x0b8 octetsabc"
    assert TURN(made.channel_data(inner)).layers() == [TURN, TURN, Raw]
    nested = b""
    while len(nested) < 60_000:
        nested = made.channel_data(nested)
    assert holds(nested).layers() == [TURN, TURN, Raw]


def test_hostile_sizes_make_few_layers() -> None:
    assert len(holds(b"\x80\xd0\0\0" * 16_000).layers()) <= 40
    assert len(holds(b"\x80\xcf" + (15_999).to_bytes(2, "big") + bytes(4 * 15_999)).getfieldval("blocks")) <= 128
    many = made.stun(attributes=b"\x80\x22\0\0" * 15_000)
    assert len(holds(many).attributes) <= 128
    media = b"v=0\r\n" + b"m=audio 9 RTP/AVP 0\r\n" * 2_000
    message = made.sip("INVITE sip:a@b SIP/2.0", "Content-Type: application/sdp", body=media)
    assert len(holds(message)[SDP].media) <= 128


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


def test_everywhere_leaves_to_scapy_what_the_table_does_not_know() -> None:
    query = DNS(id=0x1234, rd=1, qd=[])
    looks_like_quic = DNS(id=0x4142, rd=1)
    with bind(everywhere=True):
        assert DNS in IP(bytes(IP() / UDP() / query))
        assert STUN in IP(bytes(IP() / UDP() / made.stun()))
        assert LAYERS["QUIC"] in IP(bytes(IP() / UDP() / looks_like_quic))
        assert SIP in IPv6(bytes(IPv6() / UDP(sport=7, dport=7) / made.sip("BYE sip:a@b SIP/2.0")))
        assert IP(bytes(IP() / UDP(sport=547, dport=547) / bytes(9))).getlayer("DHCPv6 Unknown Message") is None
    with bind(everywhere=True, plausible=False):
        assert DNS in IP(bytes(IP() / UDP() / looks_like_quic))
        assert STUN in IP(bytes(IP() / UDP() / made.stun()))
        assert RTP in IP(bytes(IP() / UDP(sport=7, dport=9) / made.rtp(1)))


def test_everywhere_also_leaves_the_functions_that_scapy_has_bound() -> None:
    from scapy.layers.dhcp6 import DHCP6_Solicit

    frame = bytes(IPv6() / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=0x123456))
    with bind(everywhere=True):
        assert DHCP6_Solicit in IPv6(frame)


def test_ports_are_filled_in_where_none_are_given() -> None:
    with bind(ports=PORT):
        assert ((UDP() / RTP()).sport, (UDP() / SIP()).dport, (UDP(sport=1) / STUN()).sport) == (PORT, PORT, 1)
    assert (UDP() / SIP()).dport == 53


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
