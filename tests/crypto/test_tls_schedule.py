"""Keys come from secrets as the published vectors say."""

from __future__ import annotations

from dissectors.crypto.tls_schedule import key_block, prf, traffic_keys
from dissectors.crypto.tls_suites import suite
from dissectors.wire.tls_names import TLS_1_0, TLS_1_2

SECRET = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
SEED = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
EXPANDED = bytes.fromhex(
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
    "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"
)
TRAFFIC = bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")


def test_the_function_of_tls_1_2_gives_the_published_octets() -> None:
    assert prf(TLS_1_2, "sha256", SECRET, b"test label", SEED, 100) == EXPANDED


def test_a_traffic_secret_gives_key_and_nonce() -> None:
    """RFC 8448 section 3: the server's handshake traffic."""
    parts = suite(0x1301)
    assert parts is not None
    key, fixed = traffic_keys(parts, TRAFFIC)
    assert key.hex() == "3fce516009c21727d0f2e4e86ee403bc" and fixed.hex() == "5d313eb2671276ee13000b30"


def test_the_block_is_shared_in_the_order_of_the_standard() -> None:
    parts = suite(0xC013)
    assert parts is not None
    (mac, key, first), (other_mac, other_key, other_first) = key_block(TLS_1_0, parts, SECRET, SEED, SEED)
    whole = prf(TLS_1_0, parts.prf, SECRET, b"key expansion", SEED + SEED, 104)
    assert mac + other_mac + key + other_key + first + other_first == whole
    assert [len(each) for each in (mac, key, first)] == [20, 16, 16]
    assert key_block(TLS_1_2, parts, SECRET, SEED, SEED)[0][2] == b""
