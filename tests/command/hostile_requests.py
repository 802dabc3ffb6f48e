"""Malformed and hostile HTTP requests, drawn from a table with a seed.

A case is bytes and what may come back. `whole`: the server must answer or close by itself; otherwise the
bytes stop short and the client leaves. `statuses`: what each answer may be, in order; a server may close
before any of them, and never says more. Everything is addressed to a model that nobody sells, so that no
request has a reason to be answered with 200 unless its case says so.
"""
import dataclasses
import json
import random

REFUSED = set(range(400, 500)) | {501, 505}
ANY = REFUSED | {200}  # read as harmless, or refused
FINE = {200}

CALLS = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/moderations", "/v1/messages",
         "/v1/messages/count_tokens", "/v1beta/models/no-model:generateContent",
         "/v1beta/models/no-model:embedContent")
BODIES = (*CALLS, "/v1/uploads", "/v1/uploads/upload_none/parts", "/v1/uploads/upload_none/complete")  # and large ones
LISTS = ("/v1/models", "/v1/files", "/v1/batches", "/v1/messages/batches", "/v1beta/models", "/v1beta/files",
         "/v1beta/batches", "/twolane/v1/tickets")
NOBODY = b'{"model":"nobody/none","messages":[{"role":"user","content":"x"}],"max_tokens":5}'
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n"


@dataclasses.dataclass
class Case:
    sent: bytes
    statuses: list
    whole: bool = True
    reset: bool = False  # leave with a reset instead of an end
    reads: bool = True   # before it leaves


def head(line, *fields, host=b"Host: h\r\n", end=b"\r\n"):
    return line + b" HTTP/1.1\r\n" + host + b"".join(f + b"\r\n" for f in fields) + end


def post(path, body, *fields, length=True):
    fields = list(fields)
    if not any(f.lower().startswith(b"content-type") for f in fields):
        fields.append(b"Content-Type: application/json")
    if length:
        fields.append(b"Content-Length: %d" % len(body))
    return head(b"POST " + (path if isinstance(path, bytes) else path.encode()), *fields) + body


def chunked(body):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def noise(r, most, alphabet=None):
    count = r.randrange(1, most)
    return bytes(r.choice(alphabet) for _ in range(count)) if alphabet else r.randbytes(count)


# --- framing

def length_and_coding(r):
    fields = [b"Content-Length: %d" % r.choice((0, 4, 5, len(SMUGGLED))),
              r.choice((b"Transfer-Encoding: chunked", b"transfer-encoding: CHUNKED", b"Transfer-Encoding:chunked",
                        b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:\tchunked"))]
    r.shuffle(fields)
    return Case(head(b"POST " + r.choice(CALLS).encode(), *fields) + b"0\r\n\r\n" + SMUGGLED, [REFUSED])


def two_lengths(r):
    a, b = r.sample(range(1, 60), 2)
    fields = r.choice(([b"Content-Length: %d" % a, b"Content-Length: %d" % b], [b"Content-Length: %d, %d" % (a, b)],
                       [b"Content-Length: %d" % a, b"X: y", b"content-length:%d" % b]))
    return Case(head(b"POST " + r.choice(CALLS).encode(), *fields) + SMUGGLED * 2, [REFUSED])


def no_length(r):
    value = r.choice((b"+5", b"-5", b"5x", b"0x5", b"1e3", b"", b"99999999999999999999", b"5 5", b"5;5", b"\xd9\xa5",
                      b"18446744073709551621", b"5,", b",5", b"-", b"0b1", b"5\x00"))
    return Case(head(b"POST " + r.choice(CALLS).encode(), b"Content-Length: " + value) + SMUGGLED, [REFUSED])


def unknown_coding(r):
    value = r.choice((b"xchunked", b"chunked, identity", b"identity", b"gzip", b"chunked, chunked", b'"chunked"', b"chunke",
                      b"chunked;q=1", b"chunked\x0b", b"\x0bchunked", b"chunked, gzip", b"", b"br", b"chunked\x00", b"cow"))
    return Case(head(b"POST " + r.choice(CALLS).encode(), b"Transfer-Encoding: " + value) + chunked(NOBODY), [REFUSED])


def split_coding(r):
    fields = [b"Transfer-Encoding: chunked", b"Transfer-Encoding: " + r.choice((b"identity", b"chunked", b"gzip", b"x"))]
    r.shuffle(fields)
    return Case(head(b"POST " + r.choice(CALLS).encode(), *fields) + chunked(NOBODY), [REFUSED])


def coding_of_old_client(r):
    sent = head(b"POST /v1/messages", b"Transfer-Encoding: chunked", r.choice((b"X: y", b"Connection: keep-alive")))
    return Case(sent.replace(b"HTTP/1.1", b"HTTP/1.0") + chunked(NOBODY), [REFUSED])


def chunk_size(r):
    size = r.choice((b"g", b"-1", b"0x5", b"FFFFFFFFFFFFFFFFF", b"8000000000000000", b"", b" ", b"5\n", b"+5", b"5h", b"\xff", b".5",
                     b"0000000000000000000000000000g", b"5 5", b"ffffffffffffffff5"))
    return Case(head(b"POST /v1/chat/completions", b"Transfer-Encoding: chunked") + size + b"\r\nhello\r\n0\r\n\r\n" + SMUGGLED,
                [REFUSED])


def chunk_extension(r):
    extension = r.choice((b";" + b"a" * r.randrange(1, 300_000), b";a=\"" + b"b" * 100, b";a\rb", b";\x00", b";a\nb",
                          b";a=b\n" + b"0\r\n\r\n" + SMUGGLED, b";" * 5000, b";a=\"\r\n\"", b" ;", b"\t;x", b";=", b";a=b=c"))
    size = b"%x" % len(NOBODY)
    return Case(head(b"POST /v1/messages", b"Transfer-Encoding: chunked") + size + extension + b"\r\n" + NOBODY + b"\r\n0\r\n\r\n",
                [REFUSED])


def chunk_end(r):
    end = r.choice((b"", b"\n", b"\r", b"xx", b"\r\r", b"\n\n", b"  ", b"\x00\x00", b"\r\n\r\n"))
    return Case(head(b"POST /v1/responses", b"Transfer-Encoding: chunked") + b"%x\r\n" % len(NOBODY) + NOBODY + end +
                b"0\r\n\r\n" + SMUGGLED, [REFUSED])


def trailer(r):
    line = r.choice((b"Content-Length: 50", b"Host: other", b"Authorization: Bearer x", b"no colon", b": empty", b"A: b\n",
                     b"A: " + b"b" * r.randrange(1, 200_000), b"A : b", b" folded", b"A: b\x00", b"Transfer-Encoding: chunked"))
    return Case(head(b"POST /v1/messages", b"Transfer-Encoding: chunked") + b"%x\r\n" % len(NOBODY) + NOBODY + b"\r\n0\r\n" +
                line + b"\r\n\r\n", [REFUSED])


def folded(r):
    field = r.choice((b"Transfer-Encoding:\r\n chunked", b"Content-Length:\r\n\t%d" % len(SMUGGLED), b"X: a\r\n b",
                      b"X: a\r\n Content-Length: 40", b"X:\r\n \r\n Content-Length: 9", b"Host:\r\n x"))
    return Case(head(b"GET /v1/no", field), [REFUSED], whole=False)


def bare_line_ends(r):
    sent = post(r.choice(CALLS), NOBODY)
    head_end = sent.index(b"\r\n\r\n") + 4
    lines = sent[:head_end].split(b"\r\n")
    joins = [r.choice((b"\n", b"\r", b"\n\r", b"\r\n")) for _ in lines[1:]]
    joins[r.randrange(len(joins))] = r.choice((b"\n", b"\r"))
    joined = lines[0] + b"".join(j + l for j, l in zip(joins, lines[1:]))
    return Case(joined + sent[head_end:], [REFUSED], whole=False)


# --- heads

def control_characters(r):
    bad = bytes([r.choice([*range(0, 9), *range(14, 32), 127])])
    field = r.choice((b"X: a%sb" % bad, b"X%sY: a" % bad, b"X: %s" % bad, b"%s: a" % bad, b"X: a\rb"))
    return Case(head(b"POST " + r.choice(CALLS).encode(), field, b"Content-Length: 0"), [REFUSED])


def field_name(r):
    field = r.choice((b"Content-Length : 5", b"Content Length: 5", b"NoColon", b": x", b":", b"\xc3\xa4: x", b"A(b): c", b"A\t: b",
                      b"\tA: b\tc:", b"[a]: b", b"a@b: c", b"Transfer-Encoding : chunked", b"{}: x", b"\"q\": x"))
    first = r.random() < 0.5
    fields = (field, b"Content-Length: 0") if first else (b"Content-Length: 0", field)
    return Case(head(b"POST /v1/none", *fields), [REFUSED])


def request_line(r):
    line = r.choice((
        b"GET", b"GET /", b"GET  / HTTP/1.1", b"GET\t/\tHTTP/1.1", b" GET / HTTP/1.1", b"GET / HTTP/1.2", b"GET / HTTP/2.0",
        b"GET / HTTP/0.9", b"GET / http/1.1", b"GET / HTTP/1.1 ", b"GET / HTTP/1.1x", b"GET / HTTP/11", b"GET / HTTP/1", b"GET / XTTP/1.1",
        b"GET / HTTP/1.1 HTTP/1.1", b"GET /a b HTTP/1.1", b"G\x00T / HTTP/1.1", b"GET /\x00 HTTP/1.1", b"GET /\x7f HTTP/1.1",
        b"PRI * HTTP/2.0", b"(GET) / HTTP/1.1", b"G" * r.randrange(100, 60_000) + b" / HTTP/1.1", b"GET nopath HTTP/1.1",
        b"CONNECT example.org:443 HTTP/1.1", b"GET http:// HTTP/1.1", b"GET http://[::1 HTTP/1.1", b"GET http://h:99999/ HTTP/1.1",
        b"OPTIONS * HTTP/1.1", b"GET ?x HTTP/1.1", b"GET #x HTTP/1.1", b"\r\nGET"))
    return Case(line + b"\r\nHost: h\r\n\r\n", [REFUSED], whole=False)


def no_http_at_all(r):
    sent = r.choice((
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + r.randbytes(500), b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO me\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + r.randbytes(30), b"\x00" * r.randrange(1, 5000), noise(r, 4000), b"\r\n" * 3000,
        b"*1\r\n$4\r\nPING\r\n", b"{\"model\":1}\r\n\r\n", b"<?xml version='1.0'?>\r\n\r\n", b"\xff" * 70_000))
    return Case(sent, [REFUSED], whole=False)


def host(r):
    fields = r.choice((b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nhost: a\r\n", b"Host:\r\n", b"Host: a b\r\n", b"Host: a@b\r\n",
                       b"Host: a/b\r\n", b"Host: \xff\r\n", b"Host: h\r\nHost:\r\n"))
    return Case(head(b"GET /healthz", host=fields), [REFUSED])


def large_head(r):
    sent = r.choice((
        lambda: head(b"GET /v1/models", b"X: " + b"a" * r.randrange(70_000, 140_000)),
        lambda: head(b"GET /v1/models", *(b"X%d: y" % i for i in range(r.randrange(8000, 12_000)))),
        lambda: head(b"GET /" + b"a" * r.randrange(70_000, 140_000)),
        lambda: head(b"GET /v1/models", b"a" * r.randrange(70_000, 100_000) + b": b"),
        lambda: head(b"GET /v1/models", b"Cookie: " + b"a=b; " * 20_000)))()
    return Case(sent, [REFUSED])


# --- bodies

def large_body(r):
    size = r.choice(((64 << 20) + 1, 1 << 33, 1 << 50, 1 << 63, (1 << 64) - 1))
    fields = [b"Content-Length: %d" % size, b"Content-Type: application/json"]
    if r.random() < 0.3:
        fields.append(b"Expect: 100-continue")
    return Case(head(b"POST " + r.choice(CALLS).encode(), *fields) + b"{" * r.randrange(100), [REFUSED])


def expectation(r):
    value = r.choice((b"100-continue", b"200-ok", b"100-continue, x", b"", b"100-Continue"))
    return Case(post(r.choice(CALLS), NOBODY[:-3], b"Expect: " + value), [REFUSED])


def bad_utf8(r):
    bad = r.choice((b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xfe\xff", b"\xf8\x88\x80\x80\x80"))
    body = r.choice((b'{"model":"gpt-5.4-mini","input":"%s","messages":[]}' % bad, b'{"model":"%s"}' % bad, b'{"%s":1}' % bad,
                     b'{"model":"x"}' + bad, bad + b'{"model":"x"}'))
    return Case(post(r.choice(BODIES), body), [REFUSED])


def deep(r):
    depth = r.choice((500, 1000, 1025, 5000, 100_000))
    open_, close = r.choice(((b"[", b"]"), (b'{"a":', b"}")))
    nest = open_ * depth + b"1" + close * (depth if r.random() < 0.7 else depth - 1)
    model = r.choice((b"gpt-5.4-mini", b"claude-haiku-4-5", b"gemini-2.5-flash-lite"))
    body = r.choice((b'{"model":"%s","messages":%s,"max_tokens":5}' % (model, nest),
                     b'{"model":"%s","messages":[{"role":"user","content":"x"}],"max_tokens":5,"tools":%s}' % (model, nest),
                     b'{"model":"%s","input":%s}' % (model, nest), b'{"contents":%s}' % nest, nest))
    return Case(post(r.choice(BODIES), body), [REFUSED])


def json_text(r):
    body = r.choice((
        b"", b" ", b"{", b"}", b"[]", b"null", b"1", b'"x"', b"{]", b"{'model':'x'}", b"{model:1}", b'{"model":"x",}', b'{"model":"x"}}',
        b'{"model":"x"}{"model":"y"}', b'\xef\xbb\xbf{"model":"x"}', '{"model":"x"}'.encode("utf-16"), b'{"model":NaN}', b'{"model":/**/"x"}',
        b'{"model":"x","model":"y"}', b'{"model":"x","\\u006dodel":"y"}', b'{"model":"\n"}', b'{"model":"\\x41"}', b'{"model":"\\ud800"}',
        b'{"model":1e999999}', b'{"model":01}', b"{\x00}", b'{"model":"x"\x00}', NOBODY[:r.randrange(1, len(NOBODY))], b"\x00" * 100,
        b'{"model":"' + b"m" * 200_000 + b'"}', b'{"a":' + b"9" * 100_000 + b"}"))
    return Case(post(r.choice(BODIES), body), [REFUSED])


def members(r):
    wrong = [None, True, 5, -1, 1.5, 10**30, "", "x\r\ny: z", "\u0000", [], [[]], {}, {"a": 1}, "x" * 5000, [None], [5]]
    path = r.choice(BODIES)
    body = {"model": r.choice(("gpt-5.4-mini", "claude-haiku-4-5", "gemini-2.5-flash-lite", "a/b/c", "../x", "openai/\r\nx: y"))}
    for name in r.sample(("model", "messages", "input", "contents", "stream", "stream_options", "service_tier", "max_tokens", "tools",
                          "tool_choice", "background", "temperature", "response_format", "generationConfig", "system", "stop", "n"), 5):
        body[name] = r.choice(wrong)
    # One member is always wrong, whatever else is; but what may be moderated is the provider's to say, and a
    # background response is accepted before it fails.
    body.update({"messages": r.choice(wrong), "input": r.choice([5, {}, -1, [[{}]]]), "contents": r.choice([5, "", None])})
    may_begin = path == "/v1/moderations" or (path == "/v1/responses" and body.get("background") is True)
    return Case(post(path, json.dumps(body).encode()), [ANY if may_begin else REFUSED])


def content_type(r):
    kind = r.choice((b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b", b"multipart/form-data", b"",
                     b"application/json; charset=utf-16", b"image/png", b"application/json\t;;;", b"\xff/\xff", b"a" * 5000))
    body = r.choice((b"model=x&input=y", b"--b\r\n\r\n--b--\r\n", b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08" + r.randbytes(40), b"x"))
    fields = [b"Content-Type: " + kind]
    if r.random() < 0.4:
        fields.append(b"Content-Encoding: " + r.choice((b"gzip", b"br", b"deflate", b"x", b"gzip, gzip")))
    return Case(post(r.choice(CALLS + LISTS[1:5]), body, *fields), [REFUSED])


def form(r):
    part = b"--b\r\nContent-Disposition: form-data; name=\"%s\"%s\r\n\r\n%s\r\n"
    body = r.choice((
        b"", b"--b--\r\n", b"--b", b"--b\r\n", b"no boundary at all" * 50, part % (b"purpose", b"", b"batch"),
        part % (b"file", b"; filename=\"../../etc/passwd\"", b"x"), part % (b"file", b"; filename=\"a\x00b\"", b"x") + b"--b--",
        b"--b\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\nz\r\n--b--\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" * 2000, part % (b"purpose" * 9000, b"", b"") + b"--b--\r\n", part % (b"file", b"; filename=\"f\"", b"{}") + b"--b--\r\n",
        part % (b"purpose", b"", b"p" * 200_000) + b"--b--\r\n", r.randbytes(2000)))
    kind = r.choice((b"multipart/form-data; boundary=b", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=" + b"b" * 300,
                     b"multipart/form-data; boundary=\"b", b"multipart/form-data", b"multipart/mixed; boundary=b"))
    return Case(post(r.choice(("/v1/files", "/v1/uploads", "/v1/uploads/upload_none/parts")), body, b"Content-Type: " + kind), [REFUSED])


def batch_order(r):
    wrong = [None, True, 5, "", "24h", [], {}, [5], "file-none", "../../x", "file-" + "a" * 5000, {"a": []}, "\u0000"]
    path, body = r.choice((
        ("/v1/batches", {"input_file_id": r.choice(wrong), "endpoint": r.choice(wrong), "completion_window": r.choice(wrong),
                         "metadata": r.choice(wrong)}),
        ("/v1/messages/batches", {"requests": r.choice(wrong[:-1])}),
        ("/v1/messages/batches", {"requests": [{"custom_id": r.choice(wrong), "params": r.choice(wrong[:4])}] * 2}),
        ("/v1beta/models/gemini-2.5-flash:batchGenerateContent", {"batch": r.choice(wrong)}),
        ("/v1beta/models/gemini-2.5-flash:batchGenerateContent", {"batch": {"input_config": {"file_name": r.choice(wrong)}}}),
        ("/v1beta/models/gemini-2.5-flash:asyncBatchEmbedContent", {"batch": {"input_config": r.choice(wrong)}}),
        ("/v1/uploads", {"bytes": r.choice(wrong), "filename": r.choice(wrong)}),
        ("/v1/uploads/upload_none/complete", {"part_ids": r.choice(wrong)})))
    return Case(post(path, json.dumps(body).encode()), [REFUSED])


def lane_fields(r):
    field = r.choice((b"Twolane-Deadline: never", b"Twolane-Deadline: -5h", b"Twolane-Deadline: 99999999999999999999d", b"Twolane-Deadline: 0s",
                      b"Twolane-Deadline: 2001-01-01T00:00:00Z", b"Twolane-Lane: fast", b"Twolane-Lane: \xff",
                      b"Twolane-Deadline: 2026-13-45T99:99:99Z", b"Twolane-Lane: patient, interactive"))
    body = b'{"model":"gpt-5.4-mini","messages":[{"role":"user","content":"x"}]}'
    return Case(post("/v1/chat/completions", body, field), [REFUSED])


# --- where and in which order

TRICKS = (b"/..", b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"/%00", b"/%ff%fe", b"/..%5c..%5cx",
          b"/" + b"a" * 3000, b"//", b"/./.", b"/;x=y", b"/%", b"/%zz", b"/%0d%0aSet-Cookie:%20x", b"/content", b"/x/content", b"/x/cancel", b"/x/results",
          b"/\xc3\xa4", b"/*", b"/'%20or%201=1--", b"/$(id)", b"/x%20HTTP/1.1", b"/\\..\\x", b"/~root", b"/.git/config", b"/x:y:z", b"/x#y")


def path_trick(r):
    path = r.choice(LISTS + CALLS).encode() + r.choice(TRICKS)
    if r.random() < 0.2:
        path = b"/" + path
    if r.random() < 0.2:
        path = r.choice((b"http://other.example", b"https://u:p@other", b"http://[::1]:1")) + path
    method = r.choice((b"GET", b"POST", b"DELETE", b"PUT"))
    return Case(head(method + b" " + path, b"Content-Length: 0"), [REFUSED])


def method(r):
    name = r.choice((b"TRACE", b"OPTIONS", b"PUT", b"PATCH", b"DELETE", b"PROPFIND", b"get", b"GETT", b"BREW", b"M-SEARCH", b"QUERY", b"LINK"))
    return Case(head(name + b" " + r.choice(CALLS).encode(), b"Content-Length: 0"), [REFUSED])


def query(r):
    value = r.choice((b"-1", b"0", b"99999999999999999999", b"x", b"", b"%00", b"%", b"1e9", b"..%2f..", b"a" * 2000, b"1&limit=2", b"%ff"))
    name = r.choice((b"limit", b"after", b"before_id", b"after_id", b"pageToken", b"pageSize", b"order", b"purpose", b"offset"))
    return Case(head(b"GET " + r.choice(LISTS).encode() + b"?" + name + b"=" + value), [ANY])


def upload_fields(r):
    fields = [b"X-Goog-Upload-Protocol: " + r.choice((b"resumable", b"multipart", b"raw", b"x")),
              b"X-Goog-Upload-Command: " + r.choice((b"upload", b"finalize", b"upload, finalize", b"query", b"cancel", b"x")),
              b"X-Goog-Upload-Offset: " + r.choice((b"-5", b"0", b"99999999999999999999", b"x", b""))]
    target = "/upload/v1beta/files?upload_id=" + r.choice(("", "none", "..%2f..%2fetc", "x" * 3000, "%00"))
    return Case(post(target, r.randbytes(50), *fields), [REFUSED])


def pipeline(r):
    good = r.randrange(1, 40)
    one = head(b"GET /healthz", b"User-Agent: x")
    bad = r.choice((b"BAD\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", head(b"GET /", host=b""), head(b"POST /v1/messages", b"Content-Length: x")))
    return Case(one * good + bad + SMUGGLED * 3, [FINE] * good + [REFUSED])


def pipelined_bodies(r):
    count = r.randrange(2, 12)
    sent = b"".join(post(r.choice(CALLS), r.choice((NOBODY, SMUGGLED, b"{", b""))) if r.random() < 0.7 else
                    head(b"POST /v1/messages", b"Transfer-Encoding: chunked") + chunked(SMUGGLED) for _ in range(count))
    return Case(sent, [REFUSED] * count)


def unread_body(r):
    body = r.choice((SMUGGLED, SMUGGLED * 50, b"x" * 100_000))
    target = r.choice((b"GET /healthz", b"GET /v1/models", b"POST /nowhere", b"GET /metrics", b"DELETE /v1/files/x"))
    return Case(head(target, b"Content-Length: %d" % len(body)) + body, [ANY])


def upgrade(r):
    fields = r.choice(((b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: x"), (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c"),
                       (b"Connection: close, keep-alive",), (b"Connection: " + b"x," * 3000,), (b"Connection: \xff",), (b"TE: trailers, x",)))
    return Case(head(b"GET /v1/nothing", *fields), [REFUSED])


def cut(r):
    sent = r.choice((post(r.choice(CALLS), NOBODY), head(b"POST /v1/chat/completions", b"Transfer-Encoding: chunked") + chunked(NOBODY),
                     post("/v1/files", b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n",
                          b"Content-Type: multipart/form-data; boundary=b")))
    return Case(sent[:r.randrange(len(sent))], [REFUSED], whole=False, reset=r.random() < 0.5, reads=r.random() < 0.7)


def leaves(r):
    stream = r.choice((b"true", b"false"))
    model = r.choice((b"gpt-5.4-mini", b"claude-haiku-4-5"))
    body = b'{"model":"%s","stream":%s,"max_completion_tokens":64,"messages":[{"role":"user","content":"x"}]}' % (model, stream)
    return Case(post("/v1/chat/completions", body), [], whole=False, reset=r.random() < 0.5, reads=False)


def damaged(r):
    """A few bytes changed, lost, doubled or put in, anywhere."""
    sent = bytearray(r.choice((post(r.choice(CALLS), NOBODY, b"Authorization: Bearer x"), head(b"GET " + r.choice(LISTS).encode()),
                               head(b"POST /v1/messages", b"Transfer-Encoding: chunked") + chunked(NOBODY))))
    for _ in range(r.randrange(1, 5)):
        at = r.randrange(len(sent))
        what = r.randrange(4)
        if what == 0:
            sent[at] = r.randrange(256)
        elif what == 1:
            del sent[at:at + r.randrange(1, 8)]
        elif what == 2:
            sent[at:at] = sent[at:at + r.randrange(1, 40)]
        else:
            sent[at:at] = r.choice((b"\r\n", b"\n", b"\x00", b": ", b"\r\n\r\n", r.randbytes(3)))
    return Case(bytes(sent), [ANY, ANY, ANY], whole=False)


TABLE = (
    (length_and_coding, 500), (two_lengths, 300), (no_length, 300), (unknown_coding, 300), (split_coding, 100), (coding_of_old_client, 50),
    (chunk_size, 300), (chunk_extension, 200), (chunk_end, 200), (trailer, 200), (folded, 150), (bare_line_ends, 400),
    (control_characters, 400), (field_name, 300), (request_line, 400), (no_http_at_all, 200), (host, 200), (large_head, 100),
    (large_body, 200), (expectation, 100), (bad_utf8, 400), (deep, 200), (json_text, 500), (members, 600), (content_type, 300), (form, 300),
    (batch_order, 400), (lane_fields, 100), (path_trick, 600), (method, 150), (query, 200), (upload_fields, 100), (pipeline, 100),
    (pipelined_bodies, 100), (unread_body, 100), (upgrade, 100), (cut, 300), (leaves, 100), (damaged, 450))


def cases(seed):
    """(name, Case) of the whole table, the kinds mixed. A case depends on its place only."""
    order = [make for make, count in TABLE for _ in range(count)]
    random.Random(seed).shuffle(order)
    for place, make in enumerate(order):
        yield make.__name__, make(random.Random("%d/%d" % (seed, place)))
