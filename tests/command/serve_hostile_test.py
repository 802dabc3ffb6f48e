"""10,000 malformed and hostile requests: each ends in a clean 4xx (or 501), or a closed connection, and the
process serves on."""
import json
import random
import re
import socket
import threading
import time
import urllib.parse

from serve_test import CHAT, Serving

BODY = json.dumps(CHAT)


def post(body, *headers, path="/v1/chat/completions", length=None, version="HTTP/1.1", host="Host: h"):
    """A request with these header lines; `length` as announced."""
    size = len(body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body) if length is None else length
    lines = ["POST %s %s" % (path, version)] + ([host] if host else []) + list(headers)
    if size is not False:
        lines.append("Content-Length: %s" % size)
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + (body.encode("utf-8", "surrogateescape") if isinstance(body, str) else body)


def smuggling():
    yield post(BODY, "Transfer-Encoding: chunked")                       # both lengths
    yield post(BODY, "Content-Length: 3")                                # two lengths
    yield post(BODY, length="3, 4")
    yield post(BODY, length="+5")
    yield post(BODY, length="-1")
    yield post(BODY, length="0x10")
    yield post(BODY, length="99999999999999999999999")
    yield post("0\r\n\r\n", "Transfer-Encoding: chunked, identity", length=False)
    yield post("0\r\n\r\n", "Transfer-Encoding: xchunked", length=False)
    yield post("0\r\n\r\n", "Transfer-Encoding : chunked", length=False)
    yield post("0\r\n\r\n", "Transfer-Encoding: gzip", length=False)
    yield post("zz\r\nab\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False)
    yield post("ffffffffffffffffff\r\nab\r\n", "Transfer-Encoding: chunked", length=False)
    yield post("2\r\nabXX0\r\n\r\n", "Transfer-Encoding: chunked", length=False)
    yield post("5;" + "x" * 100000 + "\r\nabcde\r\n0\r\n\r\n", "Transfer-Encoding: chunked", length=False)
    yield b"POST /v1/chat/completions HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}"
    yield post("{}", " folded: x")
    yield post("{}", "Bad Name: x")
    yield post("{}", ": x")
    yield post("{}", "X: a\x00b")
    yield post("{}", "X: a\rb")


def lines():
    yield b""
    yield b"\r\n\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)      # TLS on a plain port
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield b"GET / HTTP/9.9\r\nHost: h\r\n\r\n"
    yield b"GET  / HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"GET / HTTP/1.1 x\r\nHost: h\r\n\r\n"
    yield b"GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"G\x01T / HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000 + b"\r\n"
    yield b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"y" * 100000 + b"\r\n\r\n"
    yield post("{}", host=None)
    yield b"CONNECT evil:443 HTTP/1.1\r\nHost: h\r\n\r\n"
    yield b"TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"


def paths():
    for path in ("/../../etc/passwd", "/v1/files/../../../etc/passwd", "/v1/files/%2e%2e%2f%2e%2e%2fkeys.json/content",
                 "/v1/files/file-out-../content", "//v1/chat/completions", "/v1/chat/completions/", "/v1/chat%2fcompletions",
                 "/v1/batches/..%2f..", "/v1beta/models/..%2f..:generateContent", "/v1beta/files/%00", "/\xff\xfe",
                 "/v1/messages/batches/%0d%0aX:%20y", "http://evil/v1/models/../x", "/twolane/v1/batches/../x",
                 "/twolane/v1/tickets/../../x", "/v1/files/" + "a" * 5000, "/v1beta/models/" + "m" * 5000 + ":generateContent"):
        yield post("{}", path=path)
        yield ("GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path).encode("latin-1")


def bodies():
    yield post("")
    yield post("[" * 100000)
    yield post('{"model":"gpt-4.1-mini","messages":' + "[" * 50000 + "]" * 50000 + "}")
    yield post('{"model":"gpt-4.1-mini","messages":' + '{"a":' * 50000)
    yield post('{"a":1}' * 1000)
    yield post('{"model":"a","model":"b"}')
    yield post('{"model":"a","m\\u006fdel":"b"}')
    yield post('{"model":1e999}')
    yield post('{"model":"\\ud800"}')
    yield post(b'{"model":"\xff\xfe","messages":[]}')
    yield post(b'{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"\xc3\x28"}]}', "Twolane-Deadline: 6h")
    yield post(b"\xef\xbb\xbf" + BODY.encode(), "Twolane-Lane: patient, interactive")
    yield post(BODY, "Twolane-Deadline: yesterday")
    yield post(BODY, "Twolane-Lane: sideways")
    yield post("null")
    yield post("{")
    yield post('{"model":"' + "m" * 200000 + '"}')
    for path in ("/v1/files", "/v1/batches", "/v1/messages/batches", "/v1beta/models/m:batchGenerateContent",
                 "/upload/v1beta/files?upload_id=x", "/v1/messages", "/v1beta/models/m:generateContent"):
        for kind in ("application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=",
                     "multipart/form-data; boundary=" + "b" * 300, "multipart/form-data; boundary=b"):
            for body in ("{", "--b\r\n\r\nx", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\nx\r\n--b--\r\n",
                         '{"requests":[{}]}', '{"batch":{"input_config":{"requests":{"requests":[7]}}}}', '{"input_file_id":"../x","endpoint":"/v1/chat/completions","completion_window":"24h"}'):
                yield post(body, "Content-Type: " + kind, path=path)


def mutations(seed, count):
    """A good request with a few bytes changed, cut out or repeated."""
    rng = random.Random(seed)
    good = post(BODY, "Content-Type: application/json", "Authorization: Bearer k", path="/v1/chat/completion")
    for _ in range(count):
        text = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            what = rng.randrange(3)
            if what == 0:
                text[at] = rng.randrange(256)
            elif what == 1:
                del text[at:at + rng.randint(1, 8)]
            else:
                text[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 8)))
        yield bytes(text)


class Hostile(Serving):
    def send(self, request):
        """All that comes back until the server closes or is silent; the client closes its side first."""
        url = urllib.parse.urlsplit(self.origin)
        with socket.create_connection((url.hostname, url.port), timeout=10) as s:
            heard = b""
            try:
                s.sendall(request)
                s.shutdown(socket.SHUT_WR)
                while piece := s.recv(65536):
                    heard += piece
            except (ConnectionResetError, BrokenPipeError):
                pass
            return heard

    def check(self, request):
        heard = self.send(request)
        for status in re.findall(rb"(?m)^HTTP/1\.1 (\d+) ", heard):
            if not (200 <= int(status) < 500 or status == b"501"):
                self.wrong.append((request[:200], heard[:300]))
        if heard and not heard.startswith(b"HTTP/1.1 "):
            self.wrong.append((request[:200], heard[:300]))

    def test_ten_thousand_of_them(self):
        process = self.serve()
        self.wrong = []
        listed = [*smuggling(), *lines(), *paths(), *bodies()]
        requests = listed + list(mutations(1, 10_000 - len(listed)))
        self.assertEqual(len(requests), 10_000)
        work = iter(requests)
        lock = threading.Lock()

        def run():
            while True:
                with lock:
                    request = next(work, None)
                if request is None:
                    return
                self.check(request)

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong[:5], [])
        self.assertIsNone(process.poll(), "the gateway died")
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT).status, 200)

    def test_slow_clients_hold_nobody_up(self):
        self.serve()
        url = urllib.parse.urlsplit(self.origin)
        slow = [socket.create_connection((url.hostname, url.port)) for _ in range(200)]
        for s in slow:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost:")
        before = time.monotonic()
        self.assertEqual(self.ask("POST", "/v1/chat/completions", CHAT).status, 200)
        self.assertLess(time.monotonic() - before, 2)
        for s in slow:
            s.close()
