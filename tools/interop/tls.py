"""SIPp calls SIPp through Kamailio, which hands each call to itself over TLS; tshark is the judge of what was said.

It needs the rights to capture on the loopback, and kamailio with its TLS modules, sip-tester, tshark, gcc.
`python3 run.py interop tls` runs all families of cipher suites, `python3 run.py interop tls 'TLS 1.3'` one of them.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).resolve().parent
PROGRAMS = ("kamailio", "sipp", "tshark", "dumpcap", "gcc", "openssl")
FAMILIES = {
    "AES-GCM": ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    "AES-CCM": ("TLSv1.2", "ECDHE-ECDSA-AES128-CCM"),
    "AES-CCM-8": ("TLSv1.2", "ECDHE-ECDSA-AES128-CCM8"),
    "AES-CBC": ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA256"),
    "ChaCha20": ("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    "TLS 1.3": ("TLSv1.2+", ""),
}
CALLS = 10
CONFIG = """\
#!KAMAILIO
debug=0
log_stderror=yes
children=2
tcp_children=4
enable_tls=yes
listen=tcp:127.0.0.1:5060
listen=tls:127.0.0.1:5061
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "tls.so"
modparam("tls", "config", "FOLDER/tls.cfg")
request_route {
    if (has_totag() && loose_route()) {
        t_relay();
        exit;
    }
    if (is_method("INVITE")) {
        record_route();
    }
    if ($Rp == 5060) {
        $du = "sip:127.0.0.1:5061;transport=tls";
    } else {
        $du = "sip:127.0.0.1:5070;transport=tcp";
    }
    t_relay();
}
"""
TLS_CONFIG = """\
[server:default]
method = VERSION
private_key = FOLDER/key.pem
certificate = FOLDER/certificate.pem
SUITES
[client:default]
method = VERSION
SUITES
"""
SAID = ("sip.Call-ID", "sip.Method", "sip.Status-Code", "sip.CSeq.method", "sdp.owner")


def run(words: list[str]) -> int:
    """Call over TLS with each family of cipher suites, and compare; the exit status says whether all agreed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        print(f"interop: not installed: {', '.join(missing)}", file=sys.stderr)
        return 2
    wanted = {name: family for name, family in FAMILIES.items() if not words or name in words}
    agreed = [_family(name, *family) for name, family in wanted.items()]
    return 0 if agreed and all(agreed) else 1


def _family(name: str, version: str, suites: str) -> bool:
    with TemporaryDirectory() as made:
        folder = Path(made)
        _prepare(folder, version, suites)
        _call(folder)
        capture, keys = folder / "call.pcapng", folder / "keys.log"
        ours, theirs = _ours(capture, keys), _theirs(capture, keys)
    more, less = ours - theirs, theirs - ours
    count, judged = sum(n for (kind, _), n in ours.items() if kind == "sip.Call-ID"), sum(theirs.values())
    print(f"{name}: {count} messages over TLS; tshark shows {judged} facts, {sum(less.values())} are missing here, "
          f"{sum(more.values())} are not there")
    for fact, times in [*less.items()][:8]:
        print(f"  missing here: {fact} ({times})")
    return bool(count) and not less


def _prepare(folder: Path, version: str, suites: str) -> None:
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "keylog.so", HERE / "keylog.c", "-ldl"], check=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout",
         folder / "key.pem", "-out", folder / "certificate.pem", "-days", "30", "-subj", "/CN=sip.example.com"],
        check=True, capture_output=True,
    )
    (folder / "kamailio.cfg").write_text(CONFIG.replace("FOLDER", str(folder)))
    chosen = f"cipher_list = {suites}:@SECLEVEL=0" if suites else ""
    text = TLS_CONFIG.replace("FOLDER", str(folder)).replace("VERSION", version).replace("SUITES", chosen)
    (folder / "tls.cfg").write_text(text)
    for each in folder.iterdir():
        each.chmod(0o644)
    folder.chmod(0o755)


def _call(folder: Path) -> None:
    secrets = {**os.environ, "LD_PRELOAD": str(folder / "keylog.so"), "SSLKEYLOGFILE": str(folder / "keys.log")}
    with ExitStack() as stack:
        start = stack.enter_context
        start(_running(["dumpcap", "-q", "-i", "lo", "-f", "tcp portrange 5060-5080", "-w", folder / "call.pcapng"]))
        start(_running(["kamailio", "-f", folder / "kamailio.cfg", "-DD", "-E", "-m", "64", "-Y", folder], secrets))
        start(_running(["sipp", "-sn", "uas", "-t", "t1", "-i", "127.0.0.1", "-p", "5070", "-nostdin"]))
        time.sleep(3)
        subprocess.run(
            ["sipp", "-sn", "uac", "-t", "t1", "-i", "127.0.0.1", "-p", "5080", "127.0.0.1:5060", "-m", str(CALLS),
             "-r", "20", "-d", "100", "-nostdin", "-timeout", "30s"],
            check=True, capture_output=True, cwd=folder,
        )
        time.sleep(1)


@contextmanager
def _running(words: list[str | Path], environment: dict[str, str] | None = None) -> Iterator[None]:
    """A program that runs meanwhile."""
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


Facts = Counter[tuple[str, str]]


def _ours(capture: Path, keys: Path) -> Facts:
    words = [sys.executable, "-m", "dissectors", "analyze", "--json", "--all", "-Y", "transport==tls", str(capture)]
    done = subprocess.run([*words, "--keys", str(keys)], capture_output=True, check=True, cwd=HERE.parents[1])
    facts: Facts = Counter()
    for call in json.loads(done.stdout)["calls"]:
        for each in call["messages"]:
            if each["transport"] == "tls":
                kind = ("sip.Method", each["method"]) if each["status"] is None else ("sip.Status-Code", each["status"])
                facts[kind[0], str(kind[1])] += 1
                facts["sip.Call-ID", call["call_id"]] += 1
                facts["sip.CSeq.method", each["method"]] += 1
                text = (each["body"] or {}).get("text", "")
                for line in text.splitlines():
                    if line.startswith("o="):
                        facts["sdp.owner", line[2:]] += 1
    return facts


def _theirs(capture: Path, keys: Path) -> Facts:
    fields = [word for name in SAID for word in ("-e", name)]
    done = subprocess.run(
        ["tshark", "-r", capture, "-o", f"tls.keylog_file:{keys}", "-Y", "sip && tls", "-T", "fields", "-E",
         "occurrence=a", "-E", "aggregator=|", *fields],
        capture_output=True, text=True, check=True,
    )
    facts: Facts = Counter()
    for line in done.stdout.splitlines():
        for name, values in zip(SAID, line.split("\t"), strict=False):
            facts.update((name, value) for value in values.split("|") if value)
    return facts


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
