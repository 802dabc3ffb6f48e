"""OpenAI's uploads: files in parts, in any order, by their owner, within limits, across a kill."""
import hashlib
import json

from serve_batches_test import BatchDoor, openai_lines

TEXT = openai_lines(9)


class Uploads(BatchDoor):
    def begin(self, size=len(TEXT), **more):
        headers = more.pop("headers", {})
        return self.ask("POST", "/v1/uploads", dict({"filename": "in.jsonl", "purpose": "batch", "bytes": size,
                                                     "mime_type": "text/jsonl"}, **more), **headers)

    def part(self, upload, text, **headers):
        form = "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"part\"\r\n\r\n" + text + "\r\n--b--\r\n"
        return self.ask("POST", "/v1/uploads/%s/parts" % upload, form.encode(),
                        content_type="multipart/form-data; boundary=b", **headers)

    def complete(self, upload, parts, **more):
        return self.ask("POST", "/v1/uploads/%s/complete" % upload, dict({"part_ids": parts}, **more))

    def test_parts_in_the_order_of_their_ids_become_a_file_that_a_batch_takes(self):
        self.serve(speed="600")
        upload = self.begin().json
        self.assertEqual((upload["object"], upload["status"], upload["file"]), ("upload", "pending", None))
        self.assertEqual(upload["expires_at"] - upload["created_at"], 3600)
        middle = len(TEXT) // 2
        second = self.part(upload["id"], TEXT[middle:]).json
        first = self.part(upload["id"], TEXT[:middle]).json
        self.part(upload["id"], "sent, and never asked for")
        self.assertEqual((first["object"], first["upload_id"]), ("upload.part", upload["id"]))
        ids = [first["id"], second["id"]]
        for bad, param in (({"part_ids": ids[:1]}, "part_ids"), ({"part_ids": [ids[0], ids[0]]}, "part_ids[1]"),
                           ({"part_ids": ["part_none"]}, "part_ids[0]"), ({"part_ids": ids, "md5": "0" * 32}, "md5"),
                           ({"part_ids": ids[::-1], "md5": hashlib.md5(TEXT.encode()).hexdigest()}, "md5"), ({}, "part_ids")):
            no = self.ask("POST", "/v1/uploads/%s/complete" % upload["id"], bad)
            self.assertEqual((no.status, no.json["error"]["param"]), (400, param), no.text)
        done = self.complete(upload["id"], ids, md5=hashlib.md5(TEXT.encode()).hexdigest().upper())
        self.assertEqual((done.status, done.json["status"]), (200, "completed"), done.text)
        file = done.json["file"]
        self.assertEqual((file["object"], file["bytes"], file["purpose"], file["filename"]),
                         ("file", len(TEXT), "batch", "in.jsonl"))
        self.assertEqual(self.complete(upload["id"], ids).json, done.json)  # the answer was lost
        self.assertEqual(self.part(upload["id"], "x").status, 400)
        self.assertEqual(self.ask("POST", "/v1/uploads/%s/cancel" % upload["id"], b"").status, 400)
        self.assertEqual(self.ask("GET", "/v1/files/%s/content" % file["id"]).text, TEXT)
        kept = {p.name for p in (self.home / "doors" / "files").iterdir()}
        self.assertEqual(kept, {file["id"]})  # no part is left
        batch = self.create(file["id"]).json
        self.wait("/v1/batches/" + batch["id"], lambda b: b["status"] == "completed")

    def test_what_no_upload_can_be(self):
        self.serve(speed="1")
        for change, param in (({"size": 0}, "bytes"), ({"size": 1 << 40}, "bytes"), ({"size": "many"}, "bytes"),
                              ({"filename": ""}, "filename"), ({"mime_type": ""}, "mime_type"), ({"purpose": ""}, "purpose"),
                              ({"filename": "in.csv"}, "filename"),
                              ({"expires_after": {"anchor": "created_at", "seconds": 5}}, "expires_after")):
            no = self.begin(**change)
            self.assertEqual((no.status, no.json["error"]["param"]), (400, param), no.text)
        upload = self.begin(10).json["id"]
        self.assertEqual(self.part(upload, "").status, 400)
        no = self.ask("POST", "/v1/uploads/%s/parts" % upload, {"data": "x"})
        self.assertEqual((no.status, no.json["error"]["param"]), (400, "data"))
        self.assertEqual(self.part(upload, "x" * ((64 << 20) + 1)).status, 400)
        whole = self.part(upload, "x" * (64 << 20))
        self.assertEqual(whole.status, 200, whole.text)
        self.assertEqual(self.part(upload, "x" * 100).status, 400)  # a disk is not filled beneath a small upload
        self.assertEqual(self.ask("POST", "/v1/uploads/upload_none/parts", b"").status, 404)
        self.assertEqual(self.ask("POST", "/v1/uploads/%s/none" % upload, b"").status, 404)

    def test_cancelled_and_expired_uploads_keep_nothing(self):
        self.serve(speed="3600")
        upload = self.begin().json["id"]
        part = self.part(upload, TEXT).json["id"]
        gone = self.ask("POST", "/v1/uploads/%s/cancel" % upload, b"").json
        self.assertEqual(gone["status"], "cancelled")
        self.assertEqual(self.complete(upload, [part]).status, 400)
        late = self.begin().json["id"]
        self.part(late, TEXT)
        files = self.home / "doors" / "files"
        self.wait("/v1/uploads/" + late, lambda u: u["status"] == "expired")  # seconds here
        self.assertEqual(list(files.iterdir()), [])
        self.assertEqual(self.part(late, TEXT).status, 400)

    def test_another_keys_upload_is_not_there_and_a_kill_loses_no_part(self):
        keys = [self.twolane("keys", "create", n, "--json").json["key"] for n in ("ana", "ben")]
        mine, yours = ({"authorization": "Bearer " + k} for k in keys)
        process = self.serve(speed="1")
        upload = self.begin(headers=mine, expires_after={"anchor": "created_at", "seconds": 3600}).json["id"]
        parts = [self.part(upload, TEXT[:100], **mine).json["id"]]
        for path in ("", "/parts", "/complete", "/cancel"):
            reply = self.ask("POST" if path else "GET", "/v1/uploads/" + upload + path, {} if path else None, **yours)
            self.assertEqual(reply.status, 404, path)
        process.kill()
        process.wait()
        self.serve(speed="1")
        parts.append(self.part(upload, TEXT[100:], **mine).json["id"])
        done = self.ask("POST", "/v1/uploads/%s/complete" % upload, {"part_ids": parts}, **mine).json
        self.assertEqual((done["status"], done["file"]["expires_at"] - done["file"]["created_at"]), ("completed", 3600))
        self.assertEqual(self.ask("GET", "/v1/files/%s/content" % done["file"]["id"], **yours).status, 404)
        self.assertEqual(self.ask("GET", "/v1/files/%s/content" % done["file"]["id"], **mine).text, TEXT)
