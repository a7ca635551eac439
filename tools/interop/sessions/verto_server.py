"""A small server of Verto, which speaks as FreeSWITCH's mod_verto does: `verto_server.py PORT CERTIFICATE KEY`.

It lets everybody in who knows the password, and hands the SDP of one phone to the other as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import ssl
import sys
import uuid
import zlib
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PASSWORD = "swordfish"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FINAL, COMPRESSED, MASKED = 0x80, 0x40, 0x80
TAIL = b"\0\0\xff\xff"
AUTHENTICATION_REQUIRED, AUTHENTICATION_FAILURE = -32000, -32001


class Socket:
    """The server's side of a WebSocket (RFC 6455), with permessage-deflate where the client offers it (RFC 7692)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.deflate, self.inflate = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
        self.compresses = False

    async def open(self) -> bool:
        """Answer the request that begins it; False where it is none."""
        lines = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        pairs = (line.partition(b":") for line in lines[1:])
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if b"sec-websocket-key" not in fields:
            return False
        accept = base64.b64encode(hashlib.sha1(fields[b"sec-websocket-key"] + GUID).digest())
        self.compresses = b"permessage-deflate" in fields.get(b"sec-websocket-extensions", b"")
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        answer += b"Sec-WebSocket-Accept: " + accept + b"\r\n"
        if self.compresses:
            answer += b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
        self.writer.write(answer + b"\r\n")
        return True

    async def receive(self) -> str | None:
        """The next message, None where the client leaves; messages come in one frame each."""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            mask = await self.reader.readexactly(4) if second & MASKED else bytes(4)
            octets = bytes(each ^ mask[n % 4] for n, each in enumerate(await self.reader.readexactly(size)))
            if first & 0x0F == CLOSE:
                self.write(CLOSE, octets)
                return None
            if first & 0x0F == PING:
                self.write(PONG, octets)
            if first & 0x0F == TEXT:
                return (self.inflate.decompress(octets + TAIL) if first & COMPRESSED else octets).decode()

    def send(self, value: Any) -> None:
        """Send a message of JSON."""
        octets = json.dumps(value).encode()
        if self.compresses:
            octets = (self.deflate.compress(octets) + self.deflate.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)
        self.write(TEXT | (COMPRESSED if self.compresses else 0), octets)

    def write(self, first: int, octets: bytes) -> None:
        size = bytes((len(octets),)) if len(octets) < 126 else b"\x7e" + len(octets).to_bytes(2, "big")
        self.writer.write(bytes((FINAL | first,)) + size + octets)


class Phone:
    """A client that is connected; `calls` gives of each of its calls the other phone and what that calls it."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.session = str(uuid.uuid4())
        self.login = ""
        self.calls: dict[str, tuple[Phone, str]] = {}


class Server:
    """The phones by their login, and what is done with what they ask for."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self.numbers = itertools.count(1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to a client until it leaves."""
        socket = Socket(reader, writer)
        phone = Phone(socket)
        try:
            if await socket.open():
                while (text := await socket.receive()) is not None:
                    value = json.loads(text)
                    if "method" in value:
                        self.answer(phone, value)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.phones.pop(phone.login, None)
            writer.close()

    def answer(self, phone: Phone, value: dict[str, Any]) -> None:
        """Do what a client asks for, and say so."""
        method, params = value["method"], value.get("params", {})
        if method == "login":
            said = self.log_in(phone, params)
        elif not phone.login:
            said = {"error": {"code": AUTHENTICATION_REQUIRED, "message": "Authentication Required"}}
        else:
            said = {"result": self.do(phone, method, params) | {"sessid": phone.session}}
        phone.socket.send({"jsonrpc": "2.0", "id": value["id"]} | said)
        if method == "login" and phone.login:
            self.tell(phone, "verto.clientReady", {"reattached_sessions": []})
        elif method == "verto.invite":
            self.invite(phone, params)
        elif method in ("verto.answer", "verto.bye"):
            self.pass_on(phone, method, params)

    def log_in(self, phone: Phone, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("passwd") != PASSWORD:
            return {"error": {"code": AUTHENTICATION_FAILURE, "message": "Authentication Failure"}}
        phone.login = params["login"].partition("@")[0]
        self.phones[phone.login] = phone
        return {"result": {"message": "logged in", "sessid": phone.session}}

    def do(self, phone: Phone, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """What is answered at once."""
        call = params.get("dialogParams", {}).get("callID", "")
        if method == "verto.modify":
            held = "held" if params["action"] == "hold" else "active"
            return {"callID": call, "action": params["action"], "holdState": held}
        if method == "verto.bye":
            return {"callID": call, "message": "CALL ENDED", "causeCode": 16, "cause": "NORMAL_CLEARING"}
        said = {"verto.invite": "CALL CREATED", "verto.answer": "CALL ANSWERED", "verto.info": "SENT"}
        return {"callID": call, "message": said.get(method, "OK")}

    def invite(self, phone: Phone, params: dict[str, Any]) -> None:
        """Ring the phone that is asked for, or say that there is none."""
        dialog = params["dialogParams"]
        called = self.phones.get(dialog["destination_number"])
        if called is None:
            said = {"callID": dialog["callID"], "causeCode": 1, "cause": "UNALLOCATED_NUMBER"}
            self.tell(phone, "verto.bye", said)
            return
        theirs = str(uuid.uuid4())
        phone.calls[dialog["callID"]] = called, theirs
        called.calls[theirs] = phone, dialog["callID"]
        self.tell(called, "verto.invite", {
            "callID": theirs, "sdp": params["sdp"], "caller_id_name": dialog.get("caller_id_name", ""),
            "caller_id_number": dialog.get("caller_id_number", phone.login), "callee_id_name": "Outbound Call",
            "callee_id_number": called.login, "display_direction": "outbound",
        })

    def pass_on(self, phone: Phone, method: str, params: dict[str, Any]) -> None:
        """Tell the other phone of an answer, first with its media, or of the end."""
        other, theirs = phone.calls.get(params["dialogParams"]["callID"], (None, ""))
        if other is None:
            return
        if method == "verto.answer":
            self.tell(other, "verto.media", {"callID": theirs, "sdp": params["sdp"]})
            self.tell(other, "verto.answer", {"callID": theirs})
        else:
            self.tell(other, "verto.bye", {"callID": theirs, "causeCode": 16, "cause": "NORMAL_CLEARING"})

    def tell(self, phone: Phone, method: str, params: dict[str, Any]) -> None:
        phone.socket.send({"jsonrpc": "2.0", "id": next(self.numbers), "method": method, "params": params})


async def main(port: int, certificate: str, key: str) -> None:
    """Serve until stopped."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    await (await asyncio.start_server(Server().serve, "127.0.0.1", port, ssl=context)).serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:4]))
