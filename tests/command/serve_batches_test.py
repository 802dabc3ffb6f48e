"""Batches through the gateway's doors: files, message batches, Gemini batches, and what a kill leaves."""
import json
import time
import urllib.parse

from serve_test import Serving

LINE = "Sort ticket %d into one of: card, cash, transfer. My card number %d is lost."


def openai_lines(count, model="gpt-5.4-mini"):
    return "".join(json.dumps({"custom_id": "t-%d" % i, "method": "POST", "url": "/v1/chat/completions",
                               "body": {"model": model, "max_completion_tokens": 32,
                                        "messages": [{"role": "user", "content": LINE % (i, i)}]}}) + "\n"
                   for i in range(count))


class BatchDoor(Serving):
    def serve(self, *args, speed="20000", **more):
        process, self.origin = self.listening("serve", "--sim", "--speed", speed, "--threads", "1",
                                              "--access-log", str(self.dir / "access.jsonl"), *args, **more)
        return process

    def upload(self, text, **headers):
        form = ("--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n\r\n"
                + text + "\r\n--b--\r\n")
        reply = self.ask("POST", "/v1/files", form.encode(), content_type="multipart/form-data; boundary=b", **headers)
        self.assertEqual(reply.status, 200, reply.text)
        return reply.json

    def create(self, file_id, window="24h", **headers):
        return self.ask("POST", "/v1/batches", {"input_file_id": file_id, "endpoint": "/v1/chat/completions",
                                                "completion_window": window, "metadata": {"who": "me"}}, **headers)

    def wait(self, path, done, **headers):
        for _ in range(600):
            reply = self.ask("GET", path, **headers)
            if done(reply.json):
                return reply.json
            time.sleep(0.05)
        self.fail("not done: " + reply.text)

    def run_openai(self, count, model="gpt-5.4-mini"):
        file = self.upload(openai_lines(count, model))
        batch = self.create(file["id"])
        self.assertEqual((batch.status, batch.json["status"]), (200, "in_progress"), batch.text)
        return self.wait("/v1/batches/" + batch.json["id"], lambda b: b["status"] == "completed")


class Batches(BatchDoor):
    def test_openai_batches_on_every_provider(self):
        self.serve()
        for model in ("gpt-5.4-mini", "claude-haiku-4-5", "gemini-2.5-flash-lite"):
            batch = self.run_openai(12, model)
            self.assertEqual(batch["request_counts"], {"total": 12, "completed": 12, "failed": 0}, model)
            self.assertEqual(batch["metadata"], {"who": "me"})
            lines = [json.loads(l) for l in self.ask("GET", "/v1/files/" + batch["output_file_id"] + "/content").text.splitlines()]
            self.assertEqual([l["custom_id"] for l in lines], ["t-%d" % i for i in range(12)])
            self.assertEqual(lines[0]["response"]["body"]["object"], "chat.completion")
            own = self.ask("GET", "/twolane/v1/batches/" + batch["id"]).json
            self.assertEqual((own["succeeded"], list(own["lanes"])), (12, own["lanes"] and list(own["lanes"])))
            tail = self.ask("GET", "/twolane/v1/batches/" + batch["id"] + "/results?offset=10").text
            self.assertEqual(len(tail.splitlines()), 2)

    def test_a_file_with_a_mistake_is_a_failed_batch(self):
        self.serve()
        file = self.upload(openai_lines(3) + "not json\n")
        batch = self.create(file["id"]).json
        self.assertEqual((batch["status"], batch["errors"]["data"][0]["line"]), ("failed", 4))
        self.assertEqual(self.create("file-none").status, 400)
        self.assertEqual(self.create(file["id"], window="soon").json["error"]["param"], "completion_window")

    def test_pages_idempotency_deletion_and_cancel(self):
        self.serve()
        file = self.upload(openai_lines(30))
        ids = [self.create(file["id"], idempotency_key="k%d" % i).json["id"] for i in range(3)]
        self.assertEqual(self.create(file["id"], idempotency_key="k1").json["id"], ids[1])
        page = self.ask("GET", "/v1/batches?limit=2").json
        self.assertEqual(([b["id"] for b in page["data"]], page["has_more"]), ([ids[2], ids[1]], True))
        self.assertEqual([b["id"] for b in self.ask("GET", "/v1/batches?after=" + page["last_id"]).json["data"]], [ids[0]])
        self.assertIn(self.ask("POST", "/v1/batches/%s/cancel" % ids[0], b"").json["status"], ("cancelling", "cancelled"))
        ended = self.wait("/v1/batches/" + ids[0], lambda b: b["status"] in ("cancelled", "completed"))
        self.assertEqual(sum(ended["request_counts"][k] for k in ("completed", "failed")), 30)
        again = self.ask("POST", "/v1/batches/%s/cancel" % ids[0], b"")
        self.assertEqual((again.status, again.headers["x-should-retry"]), (409, "false"))
        self.assertTrue(self.ask("DELETE", "/v1/files/" + file["id"]).json["deleted"])
        self.assertEqual(self.ask("GET", "/v1/files/" + file["id"]).status, 404)

    def test_message_batches(self):
        self.serve()
        requests = [{"custom_id": "m-%d" % i, "params": {"model": m, "max_tokens": 32, "messages": [
            {"role": "user", "content": LINE % (i, i)}]}} for i, m in enumerate(["claude-haiku-4-5"] * 5 + ["gpt-4.1-mini"] * 5)]
        requests[3]["params"]["max_tokens"] = "many"
        batch = self.ask("POST", "/v1/messages/batches", {"requests": requests}, x_api_key="k")
        self.assertEqual((batch.status, batch.json["type"]), (200, "message_batch"), batch.text)
        path = "/v1/messages/batches/" + batch.json["id"]
        ended = self.wait(path, lambda b: b["processing_status"] == "ended")
        self.assertEqual((ended["request_counts"]["succeeded"], ended["request_counts"]["errored"]), (9, 1))
        url = urllib.parse.urlsplit(ended["results_url"])
        lines = [json.loads(l) for l in self.ask("GET", url.path, x_api_key="k").text.splitlines()]
        self.assertEqual({l["custom_id"]: l["result"]["type"] for l in lines}["m-3"], "errored")
        self.assertEqual(lines[7]["result"]["message"]["type"], "message")
        self.assertEqual(self.ask("GET", "/v1/messages/batches?limit=1").json["first_id"], ended["id"])
        bad = self.ask("POST", "/v1/messages/batches", {"requests": requests[:1] * 2}, x_api_key="k")
        self.assertEqual((bad.status, bad.json["error"]["type"]), (400, "invalid_request_error"), bad.text)
        self.assertEqual(self.ask("DELETE", path).json["type"], "message_batch_deleted")

    def test_gemini_batches_inline_and_by_file(self):
        self.serve()
        rows = [{"request": {"contents": [{"role": "user", "parts": [{"text": LINE % (i, i)}]}]},
                 "metadata": {"key": "g-%d" % i}} for i in range(6)]
        made = self.ask("POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent", {
            "batch": {"display_name": "mine", "input_config": {"requests": {"requests": rows}}}})
        self.assertEqual(made.status, 200, made.text)
        done = self.wait("/v1beta/" + made.json["name"], lambda o: o.get("done"))
        answers = done["response"]["inlinedResponses"]["inlinedResponses"]
        self.assertEqual([a["metadata"]["key"] for a in answers], ["g-%d" % i for i in range(6)])
        self.assertIn("candidates", answers[0]["response"])
        start = self.ask("POST", "/upload/v1beta/files", {"file": {"display_name": "f", "mimeType": "application/jsonl"}},
                         x_goog_upload_protocol="resumable", x_goog_upload_command="start")
        url = urllib.parse.urlsplit(start.headers["x-goog-upload-url"])
        text = "".join(json.dumps({"key": r["metadata"]["key"], "request": r["request"]}) + "\n" for r in rows)
        up = self.ask("POST", url.path + "?" + url.query, text.encode(), x_goog_upload_command="upload, finalize",
                      x_goog_upload_offset="0")
        self.assertEqual(up.json["file"]["sizeBytes"], str(len(text)), up.text)
        made = self.ask("POST", "/v1beta/models/claude-haiku-4-5:batchGenerateContent", {
            "batch": {"display_name": "mine", "input_config": {"file_name": up.json["file"]["name"]}}})
        self.assertEqual(made.status, 200, made.text)
        done = self.wait("/v1beta/" + made.json["name"], lambda o: o.get("done"))
        lines = self.ask("GET", "/v1beta/" + done["response"]["responsesFile"] + ":download?alt=media").text.splitlines()
        self.assertEqual([json.loads(l)["key"] for l in lines], ["g-%d" % i for i in range(6)])
        self.assertEqual(len(self.ask("GET", "/v1beta/batches").json["operations"]), 2)

    def test_another_keys_things_are_not_there(self):
        keys = [self.twolane("keys", "create", n, "--json").json["key"] for n in ("ana", "ben")]
        self.serve()
        mine, yours = ({"authorization": "Bearer " + k} for k in keys)
        file = self.upload(openai_lines(3), **mine)
        batch = self.create(file["id"], **mine).json
        self.assertEqual(self.ask("GET", "/v1/files/" + file["id"], **yours).status, 404)
        self.assertEqual(self.ask("GET", "/v1/batches/" + batch["id"], **yours).status, 404)
        self.assertEqual(self.ask("GET", "/twolane/v1/batches/" + batch["id"], **yours).status, 404)
        self.assertEqual(self.create(file["id"], **yours).status, 400)
        self.assertEqual(self.ask("GET", "/v1/batches", **yours).json["data"], [])

    def test_a_key_buys_its_own_models_only_whatever_the_door(self):
        key = self.twolane("keys", "create", "ana", "--model", "gpt-5.4-mini", "--model", "claude-haiku-4-5", "--json").json["key"]
        mine = {"authorization": "Bearer " + key}
        self.serve()
        file = self.upload(openai_lines(3) + openai_lines(1, "gpt-5.4"), **mine)
        no = self.create(file["id"], **mine)
        self.assertEqual((no.status, no.json["error"]["code"], no.json["error"]["param"]), (403, "model_not_allowed", "model"))
        self.assertEqual(no.json["error"]["message"], "Line 4: this key may not use the model 'gpt-5.4'.")
        self.assertEqual(self.ask("GET", "/v1/batches", **mine).json["data"], [])  # nothing was made
        file = self.upload(openai_lines(2) + openai_lines(1, "claude-haiku-4-5").replace("t-0", "c-0"), **mine)
        self.assertEqual(self.create(file["id"], **mine).json["status"], "in_progress")
        params = {"max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
        no = self.ask("POST", "/v1/messages/batches", {"requests": [
            {"custom_id": "a", "params": dict(params, model="claude-haiku-4-5")},
            {"custom_id": "b", "params": dict(params, model="claude-opus-4-8")}]}, x_api_key=key, authorization="")
        self.assertEqual((no.status, no.json["error"]["type"]), (403, "permission_error"), no.text)
        self.assertIn("claude-opus-4-8", no.json["error"]["message"])
        no = self.ask("POST", "/v1beta/models/gemini-2.5-flash:batchGenerateContent", {"batch": {"input_config": {
            "requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "x"}]}]}}]}}}}, x_goog_api_key=key, authorization="")
        self.assertEqual((no.status, no.json["error"]["status"]), (403, "PERMISSION_DENIED"), no.text)

    def test_kill_and_start_again(self):
        """Batches finish after kill -9, their objects are still there, and nothing is bought twice."""
        _, sim = self.listening("sim", "--speed", "20000", "--scenario", "calm")
        env = {"OPENAI_BASE_URL": sim + "/openai/v1", "OPENAI_API_KEY": "k", "ANTHROPIC_BASE_URL": sim + "/anthropic",
               "ANTHROPIC_API_KEY": "k"}
        process, self.origin = self.listening("serve", "--speed", "20000", env=env)
        ids = []
        for n, model in enumerate(("gpt-5.4-mini", "claude-haiku-4-5", "gpt-4.1-mini")):
            file = self.upload(openai_lines(40, model))
            ids.append(self.create(file["id"]).json["id"])
            time.sleep(0.05 * n)
        process.kill()
        process.wait()
        _, self.origin = self.listening("serve", "--speed", "20000", env=env)
        for id in ids:
            batch = self.wait("/v1/batches/" + id, lambda b: b["status"] == "completed")
            self.assertEqual(batch["request_counts"]["completed"], 40)
        own = [self.ask("GET", "/twolane/v1/batches/" + id).json for id in ids]
        self.assertEqual([o["paid_twice_usd"] for o in own], ["0.00"] * 3)
