"""The three packages against `twolane serve`: every door reaches every provider, unmodified."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import socket
import threading
import time

import anthropic
import openai
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from check import check, finish, raises, same, until
from google import genai
from google.genai import types
from pydantic import BaseModel

ORIGIN = os.environ["GATEWAY"]
MODELS = ("gpt-4.1-mini", "claude-haiku-4-5", "gemini-2.5-flash-lite")
TEXT = "Say something about a lost card."

chat = openai.OpenAI(api_key="k", base_url=ORIGIN + "/v1", max_retries=0)
messages = anthropic.Anthropic(api_key="k", base_url=ORIGIN, max_retries=0)
gemini = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ORIGIN))


class CuttingProxy:
    """Passes connections on to ORIGIN; the first `cuts` are cut off before they are answered."""

    def __init__(self, origin, cuts):
        self.cut, self.cuts, self.target = 0, cuts, origin.removeprefix("http://").split(":")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(self.target)
            if self.cut < self.cuts:
                server.sendall(client.recv(65536))
                time.sleep(0.2)  # the gateway has it by then
                self.cut += 1
                client.close()
                server.close()
            else:
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    @staticmethod
    def pass_on(source, sink):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.close()


def charges(gateway):
    ledger = pathlib.Path(os.environ["WORK"], gateway, "sim-server", "ledger.jsonl")  # there from the first charge on
    return [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []


class Note(BaseModel):
    title: str
    urgent: bool


@check("gateway python: openai chat and its stream, every provider")
def _():
    for model in MODELS:
        asked = [{"role": "user", "content": TEXT}]
        whole = chat.chat.completions.create(model=model, messages=asked)
        assert "lost card" in whole.choices[0].message.content, whole
        parts = list(chat.chat.completions.create(model=model, messages=asked, stream=True,
                                                  stream_options={"include_usage": True}))
        same("".join(c.delta.content or "" for p in parts for c in p.choices), whole.choices[0].message.content)
        same(parts[-1].usage.prompt_tokens, whole.usage.prompt_tokens)


@check("gateway python: openai responses, stream helper and structured output, every provider")
def _():
    for model in MODELS:
        whole = chat.responses.create(model=model, input=TEXT)
        assert "lost card" in whole.output_text, whole
        with chat.responses.stream(model=model, input=TEXT) as stream:
            for _ in stream:
                pass
            same(stream.get_final_response().output_text, whole.output_text)
        parsed = chat.chat.completions.parse(model=model, messages=[{"role": "user", "content": TEXT}],
                                             response_format=Note)
        assert isinstance(parsed.choices[0].message.parsed, Note), parsed


@check("gateway python: openai tools in pieces, every provider")
def _():
    tool = {"type": "function", "function": {"name": "note", "parameters": {
        "type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}}}
    for model in MODELS:
        with chat.chat.completions.stream(model=model, messages=[{"role": "user", "content": TEXT}], tools=[tool],
                                          tool_choice={"type": "function", "function": {"name": "note"}}) as stream:
            for _ in stream:
                pass
            call = stream.get_final_completion().choices[0].message.tool_calls[0].function
        same(call.name, "note")
        assert "title" in json.loads(call.arguments), call


@check("gateway python: embeddings, both providers that have them")
def _():
    for model in ("text-embedding-3-small", "gemini-embedding-001"):
        vector = chat.embeddings.create(model=model, input="a")
        assert len(vector.data[0].embedding) > 4, vector


@check("gateway python: anthropic messages and stream helper, every provider")
def _():
    for model in MODELS:
        asked = dict(model=model, max_tokens=80, messages=[{"role": "user", "content": TEXT}])
        whole = messages.messages.create(**asked)
        text = "".join(b.text for b in whole.content if b.type == "text")
        with messages.messages.stream(**asked) as stream:
            same("".join(stream.text_stream), text)
            assert stream.get_final_message().usage.output_tokens > 0


@check("gateway python: gemini content and stream, every provider")
def _():
    for model in MODELS:
        whole = gemini.models.generate_content(model=model, contents=TEXT)
        assert "lost card" in whole.text, whole
        same("".join(p.text or "" for p in gemini.models.generate_content_stream(model=model, contents=TEXT)), whole.text)


@check("gateway python: models, counts and error classes")
def _():
    assert "gpt-4.1-mini" in [m.id for m in chat.models.list()]
    assert len(list(messages.models.list(limit=2))) > 2
    assert messages.messages.count_tokens(model="claude-haiku-4-5", messages=[{"role": "user", "content": "x"}]).input_tokens > 0
    error = raises(openai.NotFoundError, lambda: chat.chat.completions.create(model="mistral-large", messages=[{"role": "user", "content": "x"}]))
    assert error.request_id.startswith("req_"), error.request_id
    raises(openai.BadRequestError, lambda: chat.chat.completions.create(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": "x"}], temperature=9))
    raises(anthropic.BadRequestError, lambda: messages.messages.create(model="claude-haiku-4-5", max_tokens=5, messages=[]))
    raises(genai.errors.ClientError, lambda: gemini.models.generate_content(model="gemini-9", contents="x"))


@check("gateway python: openai batch on another provider, pages, cancel")
def _():
    lines = "".join(json.dumps({"custom_id": f"c-{i}", "method": "POST", "url": "/v1/chat/completions", "body": {
        "model": "claude-haiku-4-5", "max_completion_tokens": 40,
        "messages": [{"role": "user", "content": f"Where is card {i}?"}]}}) + "\n" for i in range(20))
    before = len(list(chat.batches.list()))  # of the other flows
    file = chat.files.create(file=("in.jsonl", lines.encode()), purpose="batch")
    batch = chat.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    done = until(lambda: chat.batches.retrieve(batch.id), lambda b: b.status == "completed")
    same(done.request_counts.completed, 20)
    results = [json.loads(line) for line in chat.files.content(done.output_file_id).text.splitlines()]
    same([r["custom_id"] for r in results], [f"c-{i}" for i in range(20)])
    for _ in range(2):
        chat.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
    same(len(list(chat.batches.list(limit=1))), before + 3)
    raises(openai.ConflictError, lambda: chat.batches.cancel(batch.id))


@check("gateway python: message batch with models of two providers")
def _():
    batch = messages.messages.batches.create(requests=[
        {"custom_id": f"m-{i}", "params": MessageCreateParamsNonStreaming(
            model=model, max_tokens=40, messages=[{"role": "user", "content": f"Where is card {i}?"}])}
        for i, model in enumerate(("claude-haiku-4-5", "gpt-4.1-mini"))])
    until(lambda: messages.messages.batches.retrieve(batch.id), lambda b: b.processing_status == "ended")
    same([r.result.type for r in messages.messages.batches.results(batch.id)], ["succeeded", "succeeded"])


@check("gateway python: gemini batches inline and by file")
def _():
    request = {"contents": [{"parts": [{"text": TEXT}], "role": "user"}]}
    job = gemini.batches.create(model="gemini-2.5-flash-lite", src=[request])
    job = until(lambda: gemini.batches.get(name=job.name), lambda j: j.done)
    assert "lost card" in job.dest.inlined_responses[0].response.text, job
    path = os.path.join(os.environ["WORK"], "gemini.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps({"key": "a", "request": request}) + "\n")
    uploaded = gemini.files.upload(file=path, config=types.UploadFileConfig(display_name="in", mime_type="application/jsonl"))
    job = gemini.batches.create(model="claude-haiku-4-5", src=uploaded.name)
    job = until(lambda: gemini.batches.get(name=job.name), lambda j: j.done)
    lines = gemini.files.download(file=job.dest.file_name).decode().splitlines()
    same([json.loads(line)["key"] for line in lines], ["a"])


@check("gateway python: background response, and a patient one by a default header alone")
def _():
    response = chat.responses.create(model="gpt-4.1-mini", input=TEXT, background=True)
    done = until(lambda: chat.responses.retrieve(response.id), lambda r: r.status == "completed")
    assert "lost card" in done.output_text
    patient = openai.OpenAI(api_key="k", base_url=ORIGIN + "/v1", default_headers={"Twolane-Deadline": "12h"})
    answer = patient.chat.completions.create(model="gpt-4.1-mini", messages=[{"role": "user", "content": TEXT}])
    assert "lost card" in answer.choices[0].message.content


@check("gateway python: a patient call by a default header, its connection cut twice")
def _():
    proxy = CuttingProxy(os.environ["GATEWAY_SLOW"], cuts=2)
    patient = openai.OpenAI(api_key="k", base_url=proxy.origin + "/v1", default_headers={"Twolane-Deadline": "12h"})
    before = len(charges("GATEWAY_SLOW"))
    answer = patient.chat.completions.create(model="gpt-4.1-mini", messages=[{"role": "user", "content": TEXT}])
    assert "lost card" in answer.choices[0].message.content
    same(proxy.cut, 2)
    same([(line["response_id"], line["tier"]) for line in charges("GATEWAY_SLOW")[before:]], [(answer.id, "batch")])


@check("gateway python: a file in parts by the chunking helper")
def _():
    lines = "".join(json.dumps({"custom_id": f"u-{i}", "method": "POST", "url": "/v1/chat/completions", "body": {
        "model": "gpt-4.1-mini", "messages": [{"role": "user", "content": TEXT}]}}) + "\n" for i in range(20)).encode()
    upload = chat.uploads.upload_file_chunked(file=lines, filename="in.jsonl", bytes=len(lines), mime_type="text/jsonl",
                                              purpose="batch", part_size=1000, md5=hashlib.md5(lines).hexdigest())
    same((upload.status, upload.file.bytes, upload.file.purpose), ("completed", len(lines), "batch"))
    same(chat.files.content(upload.file.id).read(), lines)
    pending = chat.uploads.create(bytes=5, filename="in.jsonl", mime_type="text/jsonl", purpose="batch")
    part = chat.uploads.parts.create(pending.id, data=b"1234")
    raises(openai.BadRequestError, lambda: chat.uploads.complete(pending.id, part_ids=[part.id]))
    same(chat.uploads.cancel(pending.id).status, "cancelled")
    raises(openai.NotFoundError, lambda: chat.uploads.cancel("upload_none"))


@check("gateway python: patient answers through the stream helpers")
def _():
    headers = {"Twolane-Deadline": "12h"}
    slow = openai.OpenAI(api_key="k", base_url=ORIGIN + "/v1", default_headers=headers, max_retries=0)
    asked = [{"role": "user", "content": TEXT}]
    for model in ("gpt-4.1-mini", "claude-haiku-4-5"):
        with slow.chat.completions.stream(model=model, messages=asked) as stream:
            for _ in stream:
                pass
            assert "lost card" in stream.get_final_completion().choices[0].message.content
    with slow.responses.stream(model="gpt-4.1-mini", input=TEXT) as stream:
        for _ in stream:
            pass
        assert "lost card" in stream.get_final_response().output_text
    patient = anthropic.Anthropic(api_key="k", base_url=ORIGIN, default_headers=headers, max_retries=0)
    with patient.messages.stream(model="claude-haiku-4-5", max_tokens=90, messages=asked) as stream:
        assert "lost card" in "".join(stream.text_stream)
        assert stream.get_final_message().usage.output_tokens > 0
    held = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=ORIGIN, headers=headers))
    told = "".join(p.text or "" for p in held.models.generate_content_stream(model="gemini-2.5-flash-lite", contents=TEXT))
    assert "lost card" in told, told


@check("gateway python: several embeddings at once, decoded from base64")
def _():
    for model in ("text-embedding-3-small", "gemini-embedding-001"):
        vectors = chat.embeddings.create(model=model, input=["a", "b", "c"])
        same([v.index for v in vectors.data], [0, 1, 2])
        assert all(abs(sum(x * x for x in v.embedding) - 1) < 0.02 for v in vectors.data), model


@check("gateway python: streams that wait for their answers show that they live")
def _():
    origin, headers = os.environ["GATEWAY_SLOW"], {"Twolane-Deadline": "2h"}
    slow = openai.OpenAI(api_key="k", base_url=origin + "/v1", default_headers=headers, max_retries=0, timeout=8)
    patient = anthropic.Anthropic(api_key="k", base_url=origin, default_headers=headers, max_retries=0, timeout=8)
    asked = [{"role": "user", "content": TEXT}]

    def by_chat():
        with slow.chat.completions.stream(model="gpt-4.1-mini", messages=asked) as stream:
            return stream.get_final_completion().choices[0].message.content

    def by_responses():
        with slow.responses.stream(model="gpt-4.1-mini", input=TEXT) as stream:
            return stream.get_final_response().output_text

    def by_messages():
        with patient.messages.stream(model="claude-haiku-4-5", max_tokens=90, messages=asked) as stream:
            return stream.get_final_text()

    # Each takes longer than the clients' patience between two pieces of an answer.
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for told in [pool.submit(call) for call in (by_chat, by_responses, by_messages)]:
            assert "lost card" in told.result(), told.result()


finish()
