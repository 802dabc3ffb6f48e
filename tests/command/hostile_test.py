"""Ten thousand malformed and hostile requests: a clean refusal or a closed connection each, and the gateway serves on."""
import collections
import json
import os
import re
import socket
import struct
import urllib.parse

from hostile_requests import cases
from serve_test import CHAT, Serving

CANARY = b"GET /healthz HTTP/1.1\r\nHost: canary\r\n\r\n"
PATIENCE = 10  # seconds in which an answer, or the end, has to come


class Wrong(Exception):
    pass


class Client:
    """One connection, read strictly."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.heard = b""
        self.ended = False

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was refused before its end; what was said is still to be read

    def more(self):
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        except TimeoutError:
            raise Wrong("nothing came for %d s after %r" % (PATIENCE, self.heard[-200:]))
        self.ended = not piece
        self.heard += piece
        return not self.ended

    def answer(self):
        """(status, keeps, body), or None where the connection ended instead."""
        while True:
            while b"\r\n\r\n" not in self.heard:
                if not self.more():
                    if self.heard:
                        raise Wrong("half an answer: %r" % self.heard[:200])
                    return None
            head, rest = self.heard.split(b"\r\n\r\n", 1)
            line, *fields = head.split(b"\r\n")
            if not re.fullmatch(rb"HTTP/1\.1 [1-5]\d\d [ -~]*", line):
                raise Wrong("no status line: %r" % line[:200])
            status = int(line[9:12])
            if status != 100:
                break
            self.heard = rest
        named = {}
        for field in fields:
            if not re.fullmatch(rb"[A-Za-z0-9-]+: [\t -~]*", field):
                raise Wrong("no field: %r" % field[:200])
            named[field.split(b":")[0].lower()] = field.split(b": ", 1)[1]
        if b"set-cookie" in named:
            raise Wrong("a field came from the request")
        if b"transfer-encoding" in named:
            raise Wrong("chunks where nothing streams")
        length = int(named[b"content-length"])
        while len(rest) < length:
            if not self.more():
                raise Wrong("%d of %d bytes of an answer" % (len(rest), length))
            rest = self.heard.split(b"\r\n\r\n", 1)[1]
        self.heard = rest[length:]
        return status, named.get(b"connection", b"").lower() != b"close", rest[:length]

    def end(self, reset):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def judge(address, case):
    """What is said to it, as statuses; raises Wrong."""
    client = Client(address)
    said = []
    try:
        client.send(case.sent)
        if not case.reads:
            return said
        if not case.whole:
            try:
                client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
        while True:
            if case.whole and len(said) == len(case.statuses):
                client.send(CANARY)
                if client.answer() != (200, True, b"ok\n"):
                    raise Wrong("after %s the connection is out of step" % said)
                return said
            answer = client.answer()
            if answer is None:
                return said
            status, keeps, _ = answer
            if len(said) == len(case.statuses):
                raise Wrong("%s and then %d: more answers than requests" % (said, status))
            if status not in case.statuses[len(said)]:
                raise Wrong("%s and then %d" % (said, status))
            said.append(status)
            if not keeps:
                if client.answer() is not None:
                    raise Wrong("an answer after the last one")
                return said
    finally:
        client.end(case.reset)


class Hostile(Serving):
    def test_ten_thousand(self):
        seed = int(os.environ.get("TWOLANE_SEED", "1"))
        process = self.serve()
        url = urllib.parse.urlsplit(self.origin)
        slow = [Client((url.hostname, url.port)) for _ in range(200)]  # they send a byte now and then, and hold nobody up
        wrong, said, count = [], collections.Counter(), 0
        for place, (name, case) in enumerate(cases(seed)):
            count += 1
            if place % 50 == 0:
                trickle = b"POST /v1/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\n" + b"{" * 200
                for i, client in enumerate(slow):
                    client.send(trickle[place // 50:place // 50 + 1] if i % 2 else b"x")
            try:
                said.update(judge((url.hostname, url.port), case) or ["closed"])
            except ConnectionRefusedError:
                self.fail("the gateway died at %s (%d) or before, seed %d" % (name, place, seed))
            except Wrong as error:
                wrong.append("%s at %d: %s\n    %r" % (name, place, error, case.sent[:300]))
                self.assertLess(len(wrong), (40), "seed %d\n" % seed + "\n".join(wrong))
        for client in slow:
            client.end(reset=True)
        self.assertEqual(wrong, [], "seed %d\n" % seed + "\n".join(wrong))
        self.assertEqual(count, 10_000)
        self.assertIsNone(process.poll())
        self.assertEqual(self.ask("GET", "/readyz").text, "ready\n")
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT).status, 200)
        self.assertGreater(said[400], 4000, said)  # most are read and refused, few only closed
        broken = [line for line in self.access_log() if line["status"] >= 500 and line["status"] != 501]
        self.assertEqual(broken, [])

    def access_log(self):
        self.logged(1)
        with open(self.dir / "access.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]
