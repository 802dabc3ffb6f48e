"""The google-genai package against the simulated Gemini."""

import json
import pathlib
import tempfile

from check import SIMS, check, finish, raises, same, until
from google import genai
from google.genai import errors, types


def at(sim, key="AIza-python"):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=SIMS[sim] + "/gemini"))


client = at("calm")
MODEL = "gemini-2.5-flash"
OVER = ("JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED")


def ended(on, name):
    return until(lambda: on.batches.get(name=name), lambda job: job.state.name in OVER)


def user(text):
    return [{"role": "user", "parts": [{"text": text}]}]


def upload(on, rows):
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "in.jsonl")
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return on.files.upload(file=path, config=types.UploadFileConfig(display_name="in", mime_type="application/jsonl"))


@check("gemini python: inline batch")
def _():
    job = client.batches.create(model=MODEL, config={"display_name": "t-1"},
                                src=[{"contents": user(f"hello {n}"), "metadata": {"key": f"k{n}"}} for n in range(3)])
    assert job.state.name in ("JOB_STATE_PENDING", "JOB_STATE_RUNNING"), job.state
    same(job.display_name, "t-1")
    done = ended(client, job.name)
    same(done.state.name, "JOB_STATE_SUCCEEDED")
    same(sorted(r.metadata["key"] for r in done.dest.inlined_responses), ["k0", "k1", "k2"])
    assert all("hello" in r.response.text for r in done.dest.inlined_responses)
    client.batches.delete(name=job.name)
    same(raises(errors.ClientError, lambda: client.batches.get(name=job.name)).code, 404)


@check("gemini python: file batch")
def _():
    file = upload(client, [{"key": f"r{i}", "request": {"contents": user(f"hello {i}")}} for i in range(20)])
    same((file.state.name, file.source.name), ("ACTIVE", "UPLOADED"))
    job = client.batches.create(model=MODEL, src=file.name, config={"display_name": "files"})
    done = ended(client, job.name)
    rows = [json.loads(line) for line in client.files.download(file=done.dest.file_name).decode().splitlines()]
    same({row["key"] for row in rows}, {f"r{i}" for i in range(20)})
    assert all(row["response"]["usageMetadata"]["totalTokenCount"] > 0 for row in rows)
    client.files.delete(name=file.name)
    same(raises(errors.ClientError, lambda: client.files.delete(name=file.name)).code, 403)


@check("gemini python: embeddings batches")
def _():
    job = client.batches.create_embeddings(model="gemini-embedding-001", src={"inlined_requests": {
        "contents": [{"parts": [{"text": "one"}]}, {"parts": [{"text": "two"}]}], "config": {"output_dimensionality": 4}}})
    done = ended(client, job.name)
    same([len(r.response.embedding.values) for r in done.dest.inlined_embed_content_responses], [4, 4])
    file = upload(client, [{"key": "e", "request": {"content": {"parts": [{"text": "one"}]}, "output_dimensionality": 4}}])
    job = client.batches.create_embeddings(model="gemini-embedding-001", src={"file_name": file.name})
    done = ended(client, job.name)
    row = json.loads(client.files.download(file=done.dest.file_name))
    same((row["key"], len(row["response"]["embedding"]["values"])), ("e", 4))


@check("gemini python: list and cancel")
def _():
    stuck = at("stuck", "AIza-python-list")
    names = [stuck.batches.create(model=MODEL, src=[{"contents": user("x")}]).name for _ in range(3)]
    same([job.name for job in stuck.batches.list(config={"page_size": 2})], names[::-1])
    stuck.batches.cancel(name=names[0])
    assert ended(stuck, names[0]).state.name in ("JOB_STATE_CANCELLED", "JOB_STATE_SUCCEEDED")


@check("gemini python: synchronous calls")
def _():
    answer = client.models.generate_content(model=MODEL, contents="shipping is late",
                                            config={"system_instruction": "Labels: billing, shipping"})
    same(answer.text, "shipping")
    shaped = client.models.generate_content(model=MODEL, contents="this is bad", config={
        "response_mime_type": "application/json",
        "response_schema": {"type": "OBJECT", "properties": {"mood": {"type": "STRING", "enum": ["good", "bad"]}}}})
    same(json.loads(shaped.text), {"mood": "bad"})
    vectors = client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"],
                                          config={"output_dimensionality": 4}).embeddings
    same([len(v.values) for v in vectors], [4, 4])
    assert client.models.count_tokens(model=MODEL, contents="hello").total_tokens > 0
    assert any(m.name == "models/" + MODEL for m in client.models.list())


@check("gemini python: errors")
def _():
    def code(kind, call):
        return raises(kind, call).code

    def ask(on, model=MODEL):
        return on.models.generate_content(model=model, contents="x")

    same(code(errors.ClientError, lambda: ask(at("calm", "bad-key"))), 400)
    same(code(errors.ClientError, lambda: ask(client, "gemini-nope")), 404)
    same(code(errors.ClientError, lambda: client.batches.create(model=MODEL, src="files/nope")), 403)
    same(code(errors.ClientError, lambda: ask(at("busy"))), 429)
    assert code(errors.ServerError, lambda: ask(at("failing"))) >= 500


finish()
