"""Upstream servers that play a script, and a gateway with a route to them."""
import http.client
import http.server
import json
import re
import socket
import threading
import time

from serve_test import CHAT, Serving

ROUTED = dict(CHAT, model="fast")
ANSWER = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "default",
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "here"}, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}}
NO_FLEX = {"error": {"message": "The flex tier is currently unavailable.", "type": "rate_limit_error", "param": None,
                     "code": "resource_unavailable"}}


def reply(status=200, body=None, **headers):
    """An answer as a step of a script."""
    def say(request):
        text = json.dumps(body or (ANSWER if status < 300 else {"error": {"message": "no", "type": "x", "code": None}}))
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), str(value))
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text.encode())
    return say


def hang(request):
    request.server.over.wait(20)
    request.close_connection = True


def drop(request):
    request.close_connection = True


def events(count, then):
    """A stream that begins well: `count` events, then whatever `then` does."""
    def say(request):
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.send_header("transfer-encoding", "chunked")
        request.end_headers()
        for i in range(count):
            event = "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
                {"index": 0, "delta": {"role": "assistant", "content": "part %d " % i}, "finish_reason": None}]}) + "\n\n"
            request.wfile.write(b"%x\r\n%s\r\n" % (len(event), event.encode()))
        request.wfile.flush()
        then(request)
    return say


def by_tier(**answers):
    """Answers by the tier that the body asks for; "" where it asks for none."""
    return lambda request: answers[request.asked.get("service_tier", "none")](request)


class Upstream(http.server.ThreadingHTTPServer):
    """A provider that plays a script: one step for each request, the last one from then on."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *script):
        self.script, self.asked, self.over, self.lock = list(script), [], threading.Event(), threading.Lock()
        super().__init__(("127.0.0.1", 0), Played)
        self.base_url = "http://127.0.0.1:%d/v1" % self.server_address[1]
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that go away are part of the play

    def end(self):
        self.over.set()
        self.shutdown()
        self.server_close()


class Played(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server.lock:
            step = self.server.script[min(len(self.server.asked), len(self.server.script) - 1)]
            self.server.asked.append(self.asked)
        step(self)

    def log_message(self, *_):
        pass


class Routed(Serving):
    def upstream(self, *script):
        up = Upstream(*script)
        self.addCleanup(up.end)
        return up

    def dead_end(self):
        """An address where nobody listens."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return "http://127.0.0.1:%d/v1" % s.getsockname()[1]

    def full_house(self):
        """An address that takes no more connections: whoever comes now waits."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            guest = socket.socket()
            self.addCleanup(guest.close)
            guest.setblocking(False)
            guest.connect_ex(listener.getsockname())
        return "http://127.0.0.1:%d/v1" % listener.getsockname()[1]

    def configure(self, route, **servers):
        text = "".join('[providers.%s]\nbase_url = "%s"\ndialect = "openai"\n' % (name, getattr(up, "base_url", up))
                       for name, up in servers.items())
        (self.dir / "twolane.toml").write_text(text + "[routes.fast]\n" + route)

    def serve_routes(self, *args, env=None, threads=1):
        """Without simulated providers: those of the configuration, and of `env`. One thread logs in order."""
        process, self.origin = self.listening("serve", "--threads", str(threads), "--access-log",
                                              str(self.dir / "access.jsonl"), *args, env=env)
        return process

    def simulator(self, text="", speed=1000):
        scenario = self.dir / "scenario.toml"
        scenario.write_text('live_latency = "1ms"\nflex_latency = "1ms"\nlive_per_minute = 0\n' + text)
        directory = self.dir / ("sim-%d" % time.monotonic_ns())
        _, origin = self.listening("sim", "--scenario", str(scenario), "--speed", str(speed), "--home", str(directory))
        return origin

    def charged(self, origin):
        host = origin.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", "/ledger")
        text = connection.getresponse().read().decode()
        connection.close()
        return [json.loads(line) for line in text.splitlines()]

    def tries(self, line):
        return [(t["target"], t["outcome"]) for t in line["tries"]]

    def until(self, holds, what):
        for _ in range(500):
            if holds():
                return
            time.sleep(0.02)
        self.fail(what)

    def metric(self, name, **labels):
        """The sum of a metric's series that have these labels."""
        total = 0
        for line in self.ask("GET", "/metrics").text.splitlines():
            found = re.match(r"(\w+)\{(.*)\} (\S+)$", line)
            if found and found[1] == name and all('%s="%s"' % pair in found[2] for pair in labels.items()):
                total += float(found[3])
        return total
