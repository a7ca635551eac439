"""Phones without a screen: baresip and Linphone, told what to say by files of settings and lines."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tools.interop.sessions.network import HERE, THERE, Cable, stop

CALL_SECONDS = 11.0
"""How long a call lasts: as long as the voice, and its beginning and end."""

KEYLOG = Path(__file__).resolve().parents[1] / "keylog.c"
MODULES = ("g711", "g722", "g726", "gsm", "l16", "opus", "amr", "aufile", "aubridge", "srtp", "dtls_srtp")
BARESIP = """\
sip_listen {own}:5060
net_interface cable
call_max_calls 4
audio_player aubridge,played
audio_source aufile,{said}
audio_alert aubridge,alert
ausrc_srate 0
auplay_srate 0
ausrc_channels 0
auplay_channels 0
rtcp_mux {mux}
opus_bitrate 96000
module_path {modules}
{loaded}
module_tmp account.so
module_app contact.so
module_app menu.so
"""
LINPHONE = """\
[sip]
sip_port=5060
use_ipv6=0
sip_tcp_port=0
sip_tls_port=0
contact="phone" <sip:phone@{own}>
media_encryption={protection}
keepalive_period=0
[rtp]
audio_rtp_port=17078
[sound]
echocancellation=0
echolimiter=0
agc=0
{codecs}
"""


LINPHONE_CODECS = ("opus/48000/2", "speex/16000/1", "speex/8000/1", "speex/32000/1", "PCMU/8000/1", "PCMA/8000/1",
                   "GSM/8000/1", "G722/8000/1", "G729/8000/1", "G726-32/8000/1", "L16/44100/1", "L16/44100/2")


class Codec(NamedTuple):
    """A codec: its name, its words in SDP, samples and channels of what is said, the least likeness.

    `rtpmap` is what it is in truth, where its SDP says something else.
    """

    name: str
    word: str
    rate: int
    channels: int = 1
    least: float = 0.99
    rtpmap: str = ""


def baresip(made: Cable, folder: Path, codec: Codec, protection: str, said: Path) -> Path | None:
    """A call of two baresips, each of which says the file; the key log of its DTLS, where there is one."""
    modules = next((path.parent for path in Path("/usr/lib").glob("**/baresip/modules/aufile.so")), Path())
    loaded = "\n".join(f"module {name}.so" for name in MODULES)
    keys = folder / f"baresip-{codec.name}.keys" if protection == "dtls_srtp" else None
    environment = dict(os.environ)
    if keys is not None:
        library = folder / "keylog.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, KEYLOG, "-ldl"], check=True, timeout=60)
        environment |= {"LD_PRELOAD": str(library), "SSLKEYLOGFILE": str(keys)}
    started = []
    for end, own, words in ((made.far, THERE, ()), (made.near, HERE, ("-e", f"/dial sip:phone@{THERE}"))):
        settings = folder / f"baresip-{end}"
        settings.mkdir(exist_ok=True)
        text = BARESIP.format(own=own, said=said, modules=modules, loaded=loaded, mux="yes" if keys else "no")
        (settings / "config").write_text(text, encoding="utf-8")
        encryption = f";mediaenc={protection}" if protection else ""
        account = f"<sip:phone@{own}>;regint=0;answermode=auto;audio_codecs={codec.word}{encryption}\n"
        (settings / "accounts").write_text(account, encoding="utf-8")
        (settings / "contacts").write_text("", encoding="utf-8")
        started.append(made.start(end, "baresip", "-f", str(settings), *words, env=environment))
        time.sleep(1.0)
    time.sleep(CALL_SECONDS)
    for each in reversed(started):
        stop(each)
    return keys


def linphone(made: Cable, folder: Path, codec: Codec, protection: str, said: Path) -> None:
    """A call of two Linphones, of which each says the file."""
    started = []
    for end, own in ((made.far, THERE), (made.near, HERE)):
        home = folder / f"linphone-{end}"
        for part in (".local/share/linphone", ".config/linphone"):
            (home / part).mkdir(parents=True, exist_ok=True)
        # What it knows and is not told of, it would offer, too.
        codecs = "\n".join(
            f"[audio_codec_{number}]\nmime={name}\nrate={rate}\nchannels={channels}\n"
            f"enabled={codec.word.startswith(f'{name}/{rate}/'):d}"
            for number, (name, rate, channels) in enumerate(word.split("/") for word in LINPHONE_CODECS)
        )
        text = LINPHONE.format(own=own, protection=protection, codecs=codecs)
        (home / "linphonerc").write_text(text, encoding="utf-8")
        started.append(made.start(
            end, "linphonec", "-c", str(home / "linphonerc"), "-a", stdin=subprocess.PIPE,
            env={**os.environ, "HOME": str(home)},
        ))
    time.sleep(3.0)
    for each in started:
        _type(each, "soundcard use files")
    _type(started[1], f"call sip:phone@{THERE}")
    time.sleep(2.0)
    for each in started:
        _type(each, f"play {said}")
    time.sleep(CALL_SECONDS)
    for each in started:
        _type(each, "terminate", "quit")
    time.sleep(1.0)
    for each in started:
        stop(each)


def _type(phone: subprocess.Popen[str], *lines: str) -> None:
    assert phone.stdin is not None
    try:
        phone.stdin.write("".join(f"{line}\n" for line in lines))
        phone.stdin.flush()
    except BrokenPipeError:
        print("linphonec has ended", file=sys.stderr)
