"""What the gateway keeps, and until when: files, results, batches, tickets, on virtual time."""
import sqlite3
import time

from serve_batches_test import BatchDoor, openai_lines
from serve_test import CHAT


class Retention(BatchDoor):
    """A separate simulator at five virtual days in a real second."""

    def serve(self, retention="5d", speed="432000"):
        if not hasattr(self, "sim"):
            _, self.sim = self.listening("sim", "--speed", speed, "--scenario", "calm")
        (self.dir / "twolane.toml").write_text('[store]\nretention = "%s"\n' % retention)
        env = {"OPENAI_BASE_URL": self.sim + "/openai/v1", "ANTHROPIC_BASE_URL": self.sim + "/anthropic",
               "GOOGLE_GEMINI_BASE_URL": self.sim + "/gemini"}
        process, self.origin = self.listening("serve", "--speed", speed, "--access-log", "off", env=env)
        return process

    def upload(self, text, seconds=None, **headers):
        if seconds is None:
            return super().upload(text, **headers)
        fields = {"purpose": "batch", "expires_after[anchor]": "created_at", "expires_after[seconds]": seconds}
        form = "".join('--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % f for f in fields.items())
        form += '--b\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n' + text + "\r\n--b--\r\n"
        reply = self.ask("POST", "/v1/files", form.encode(), content_type="multipart/form-data; boundary=b", **headers)
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json

    def until(self, done):
        """What `done` says, once it says something."""
        for _ in range(1000):
            if found := done():
                return found
            time.sleep(0.02)
        self.fail("it did not come")

    def until_gone(self, path, **headers):
        """The last good answer, and the first that is none."""
        good = [None]

        def gone():
            reply = self.ask("GET", path, connection=self.one, **headers)
            if reply.status != 200:
                return good[0], reply
            good[0] = reply.json
            return None
        return self.until(gone)

    def setUp(self):
        super().setUp()
        self.connections = []

    @property
    def one(self):
        if not self.connections:
            self.connections.append(self.connect())
        return self.connections[0]

    def payload_bytes(self):
        return sum(f.stat().st_size for f in (self.home / "payloads").rglob("*") if f.is_file())

    def test_an_openai_file_expires_when_it_was_told_to(self):
        self.serve()
        short, kept = self.upload(openai_lines(1), 3600), self.upload(openai_lines(1))
        self.assertEqual(short["expires_at"] - short["created_at"], 3600)
        self.assertEqual(kept["expires_at"] - kept["created_at"], 5 * 86400)  # the retention
        _, gone = self.until_gone("/v1/files/" + short["id"])
        self.assertEqual((gone.status, gone.json["error"]["type"]), (404, "invalid_request_error"))
        self.assertEqual(self.create(short["id"]).status, 400)
        self.assertEqual(self.ask("GET", "/v1/files/%s/content" % short["id"]).status, 404)
        self.assertNotIn(short["id"], [f["id"] for f in self.ask("GET", "/v1/files").json["data"]])
        self.until_gone("/v1/files/" + kept["id"])
        self.until(lambda: not list((self.home / "doors" / "files").iterdir()))  # the bytes go with the next sweep

    def test_a_gemini_file_lives_two_days(self):
        self.serve(retention="forever")
        start = self.ask("POST", "/upload/v1beta/files", {"file": {"mimeType": "application/jsonl"}},
                         x_goog_upload_protocol="resumable", x_goog_upload_command="start")
        path = start.headers["x-goog-upload-url"].split("/", 3)[3]
        up = self.ask("POST", "/" + path, b'{"key":"a"}\n', x_goog_upload_command="upload, finalize", x_goog_upload_offset="0")
        file = up.json["file"]
        _, gone = self.until_gone("/v1beta/" + file["name"])
        self.assertEqual(gone.status, 403, gone.text)  # what Gemini says of a file that is not there
        self.assertNotIn("files", self.ask("GET", "/v1beta/files", x_goog_api_key="k").json)

    def test_results_end_with_the_retention_and_the_batch_keeps_its_counts(self):
        self.serve(retention="5d")
        batch = self.create(self.upload(openai_lines(6))["id"]).json["id"]
        done = self.wait("/v1/batches/" + batch, lambda b: b["status"] == "completed")
        out = done["output_file_id"]
        before, gone = self.until_gone("/v1/files/" + out)
        self.assertEqual((before["purpose"], gone.status), ("batch_output", 404))
        self.assertLessEqual(before["expires_at"], done["completed_at"] + 5 * 86400)
        self.until(lambda: not self.ask("GET", "/twolane/v1/jobs", connection=self.one).json["data"])
        self.assertEqual(self.payload_bytes(), 0)
        still = self.ask("GET", "/v1/batches/" + batch).json
        for key in ("status", "request_counts", "completed_at", "output_file_id", "usage"):
            self.assertEqual(still[key], done[key])
        self.until_gone("/v1/batches/" + batch)  # after as long again

    def test_a_batch_names_the_end_of_its_output(self):
        self.serve(retention="forever")
        file = self.upload(openai_lines(2))
        body = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        wrong = self.ask("POST", "/v1/batches", dict(body, output_expires_after={"anchor": "created_at", "seconds": 5}))
        self.assertEqual((wrong.status, wrong.json["error"]["param"]), (400, "output_expires_after"))
        batch = self.ask("POST", "/v1/batches", dict(body, output_expires_after={"anchor": "created_at", "seconds": 86400}))
        done = self.wait("/v1/batches/" + batch.json["id"], lambda b: b["status"] == "completed")
        before, gone = self.until_gone("/v1/files/" + done["output_file_id"])
        self.assertEqual((before["expires_at"], gone.status), (done["completed_at"] + 86400, 404))
        self.assertEqual(self.ask("GET", "/v1/batches/" + done["id"]).status, 200)

    def test_a_message_batch_is_archived(self):
        self.serve(retention="8d")
        request = {"custom_id": "a", "params": {"model": "claude-haiku-4-5", "max_tokens": 8, "messages": [
            {"role": "user", "content": "hello"}]}}
        made = self.ask("POST", "/v1/messages/batches", {"requests": [request]}, x_api_key="k").json
        self.assertIsNone(made["archived_at"])
        path = "/v1/messages/batches/" + made["id"]
        ended = self.wait(path, lambda b: b["processing_status"] == "ended")
        self.assertTrue(ended["results_url"])
        archived = self.wait(path, lambda b: b["archived_at"])
        self.assertIsNone(archived["results_url"])
        self.assertEqual(archived["request_counts"], ended["request_counts"])
        gone = self.ask("GET", path + "/results", x_api_key="k")
        self.assertEqual((gone.status, gone.json["error"]["type"]), (404, "not_found_error"))

    def test_tickets_go_and_the_journal_keeps_no_prompt(self):
        self.serve(retention="5d")
        secret = dict(CHAT, messages=[{"role": "user", "content": "the code is 4711-heron"}])
        taken = self.ask("POST", "/v1/chat/completions", secret, prefer="respond-async", twolane_deadline="12h")
        self.assertEqual(taken.status, 202, taken.text)
        path = taken.headers["location"]
        self.wait(path, lambda t: t["status"] == "completed")
        self.assertEqual(self.ask("GET", path + "/result").status, 200)
        _, gone = self.until_gone(path)
        self.assertEqual(gone.status, 404)
        journal = self.home / "doors" / "tickets.jsonl"
        self.until(lambda: "4711-heron" not in journal.read_text())
        self.assertEqual(self.payload_bytes(), 0)

    def test_what_is_over_stays_over_after_a_kill(self):
        process = self.serve(retention="5d")
        batch = self.create(self.upload(openai_lines(3))["id"]).json["id"]
        self.wait("/v1/batches/" + batch, lambda b: b["status"] == "completed")
        self.until(lambda: not self.ask("GET", "/twolane/v1/jobs", connection=self.one).json["data"])
        process.kill()
        process.wait()
        self.connections.clear()
        self.serve(retention="5d")
        reply = self.ask("GET", "/v1/batches/" + batch)
        if reply.status == 200:  # or its own time is over too
            self.assertEqual(reply.json["status"], "completed")
            self.assertEqual(self.ask("GET", "/v1/files/" + reply.json["output_file_id"]).status, 404)
        with sqlite3.connect("file:%s?mode=ro" % (self.home / "twolane.db"), uri=True) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM request").fetchone(), (0,))
