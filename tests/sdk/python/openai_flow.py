"""The openai package against the simulated OpenAI."""

import json

import openai
from check import SIMS, check, finish, raises, same, until


def at(sim, key="sk-python"):
    return openai.OpenAI(api_key=key, base_url=SIMS[sim] + "/openai/v1", max_retries=0)


client = at("calm")
TERMINAL = ("completed", "failed", "expired", "cancelled")


def chat(custom_id, text, **more):
    body = {"model": "gpt-5.4-mini", "max_completion_tokens": 40, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": {**body, **more}}


def create(on, lines, endpoint="/v1/chat/completions"):
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = on.files.create(file=("in.jsonl", data), purpose="batch")
    return on.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", metadata={"token": "t-1"})


def ended(on, batch_id):
    return until(lambda: on.batches.retrieve(batch_id), lambda b: b.status in TERMINAL)


def lines(on, file_id):
    return [json.loads(line) for line in on.files.content(file_id).text.splitlines()]


@check("openai python: upload, batch, results, delete")
def _():
    batch = create(client, [chat(f"c-{i}", f"Where is card {i}?") for i in range(30)])
    assert batch.status in ("validating", "in_progress"), batch.status
    done = ended(client, batch.id)
    same((done.status, done.metadata), ("completed", {"token": "t-1"}))
    same((done.request_counts.total, done.request_counts.completed, done.request_counts.failed), (30, 30, 0))
    results = lines(client, done.output_file_id)
    same({r["custom_id"] for r in results}, {f"c-{i}" for i in range(30)})
    same(sum(r["response"]["body"]["usage"]["prompt_tokens"] for r in results), done.usage.input_tokens)
    assert client.files.delete(done.input_file_id).deleted
    raises(openai.NotFoundError, lambda: client.files.retrieve(done.input_file_id))


@check("openai python: lists page by page")
def _():
    own = at("calm", "sk-python-list")
    ids = [create(own, [chat("c", f"n {i}")]).id for i in range(5)]
    same([b.id for b in own.batches.list(limit=2)], ids[::-1])
    same(len(list(own.files.list(limit=2, purpose="batch"))), 5)


@check("openai python: cancel")
def _():
    stuck = at("stuck")
    batch = create(stuck, [chat("a", "hello"), chat("b", "hello")])
    same(stuck.batches.cancel(batch.id).status, "cancelling")
    done = ended(stuck, batch.id)
    same(done.status, "cancelled")
    same([line["error"]["code"] for line in lines(stuck, done.error_file_id)], ["batch_cancelled"] * 2)
    same(stuck.batches.cancel(batch.id).status, "cancelled")


@check("openai python: validation fails the whole batch")
def _():
    done = ended(client, create(client, [chat("a", "x"), chat("b", "y", stream=True)]).id)
    same(done.status, "failed")
    same([(e.code, e.line, e.param) for e in done.errors.data], [("streaming_unsupported", 2, "body.stream")])


@check("openai python: embeddings, in a batch and at once")
def _():
    body = {"model": "text-embedding-3-small", "input": ["one", "two"], "dimensions": 4}
    line = {"custom_id": "e", "method": "POST", "url": "/v1/embeddings", "body": body}
    done = ended(client, create(client, [line], "/v1/embeddings").id)
    batch = lines(client, done.output_file_id)[0]["response"]["body"]["data"][0]["embedding"]
    live = client.embeddings.create(**body).data[0].embedding
    assert all(abs(a - b) < 1e-4 for a, b in zip(batch, live, strict=True)), (batch, live)


@check("openai python: synchronous calls")
def _():
    messages = [{"role": "system", "content": "Labels: billing, shipping"}, {"role": "user", "content": "my shipping is late"}]
    answer = client.chat.completions.create(model="gpt-5.4-mini", messages=messages)
    same(answer.choices[0].message.content, "shipping")
    tools = [{"type": "function", "function": {"name": "look", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
    called = client.chat.completions.create(model="gpt-5.4-mini", messages=messages, tools=tools, tool_choice="required")
    same(called.choices[0].finish_reason, "tool_calls")
    assert "city" in json.loads(called.choices[0].message.tool_calls[0].function.arguments)
    same(client.responses.create(model="gpt-5.4-mini", instructions="Labels: billing, shipping",
                                 input="my shipping is late").output_text, "shipping")
    assert not client.moderations.create(input="hello").results[0].flagged
    assert any(m.id == "gpt-5.4-mini" for m in client.models.list())


@check("openai python: errors have their classes")
def _():
    raises(openai.AuthenticationError, lambda: at("calm", "bad-key").models.list())
    raises(openai.NotFoundError, lambda: client.batches.retrieve("batch_nope"))
    raises(openai.BadRequestError, lambda: client.files.create(file=("in.txt", b"{}"), purpose="batch"))
    done = ended(client, create(client, [chat("a", "x")]).id)
    error = raises(openai.ConflictError, lambda: client.batches.cancel(done.id))
    assert error.request_id and "completed" in error.message, error
    raises(openai.NotFoundError, lambda: at("calm", "sk-other").batches.retrieve(done.id))
    raises(openai.RateLimitError, lambda: at("busy").models.list())
    raises(openai.InternalServerError, lambda: at("failing").models.list())


finish()
