"""The anthropic package against the simulated Anthropic."""

import anthropic
from check import SIMS, check, finish, raises, same, until


def at(sim, key="sk-ant-python"):
    return anthropic.Anthropic(api_key=key, base_url=SIMS[sim] + "/anthropic", max_retries=0)


client = at("calm")


def request(custom_id, text, **more):
    params = {"model": "claude-haiku-4-5", "max_tokens": 40, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "params": {**params, **more}}


def ended(on, batch_id):
    return until(lambda: on.messages.batches.retrieve(batch_id), lambda b: b.processing_status == "ended")


@check("anthropic python: batch, results, delete")
def _():
    requests = [request(f"a-{i}", f"Where is card {i}?") for i in range(20)] + [request("none", "x", max_tokens=0)]
    batch = client.messages.batches.create(requests=requests)
    same((batch.processing_status, batch.request_counts.processing), ("in_progress", 21))
    done = ended(client, batch.id)
    same((done.request_counts.succeeded, done.request_counts.errored), (20, 1))
    results = {r.custom_id: r.result for r in client.messages.batches.results(batch.id)}
    same(set(results), {r["custom_id"] for r in requests})
    same(results["none"].error.error.type, "invalid_request_error")
    assert all(r.message.usage.output_tokens > 0 for r in results.values() if r.type == "succeeded")
    same(client.messages.batches.delete(batch.id).type, "message_batch_deleted")
    raises(anthropic.NotFoundError, lambda: client.messages.batches.retrieve(batch.id))


@check("anthropic python: lists page by page, both ways of asking")
def _():
    own = at("calm", "sk-ant-python-list")
    ids = [own.messages.batches.create(requests=[request("a", f"n {i}")]).id for i in range(5)]
    same([b.id for b in own.messages.batches.list(limit=2)], ids[::-1])
    same([b.id for b in own.beta.messages.batches.list(limit=3)], ids[::-1])


@check("anthropic python: cancel")
def _():
    stuck = at("stuck")
    batch = stuck.messages.batches.create(requests=[request("a", "x"), request("b", "y")])
    same(stuck.messages.batches.cancel(batch.id).processing_status, "canceling")
    same(ended(stuck, batch.id).request_counts.canceled, 2)
    same([r.result.type for r in stuck.messages.batches.results(batch.id)], ["canceled", "canceled"])


@check("anthropic python: synchronous calls")
def _():
    message = [{"role": "user", "content": "shipping is late"}]
    answer = client.messages.create(model="claude-sonnet-4-6", max_tokens=100, system="Labels: billing, shipping", messages=message)
    same((answer.content[0].text, answer.stop_reason), ("shipping", "end_turn"))
    schema = {"type": "object", "properties": {"mood": {"type": "string", "enum": ["late", "early"]}},
              "required": ["mood"], "additionalProperties": False}
    shaped = client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=message,
                                    output_config={"format": {"type": "json_schema", "schema": schema}})
    same(shaped.content[0].text, '{"mood":"late"}')
    assert client.messages.count_tokens(model="claude-sonnet-4-6", messages=message).input_tokens > 0
    assert any(m.id == "claude-haiku-4-5" for m in client.models.list())


@check("anthropic python: errors have their classes")
def _():
    raises(anthropic.AuthenticationError, lambda: at("calm", "bad-key").models.list())
    raises(anthropic.NotFoundError, lambda: client.messages.batches.retrieve("msgbatch_nope"))
    raises(anthropic.BadRequestError, lambda: client.messages.batches.create(requests=[request("not allowed!", "x")]))
    raises(anthropic.BadRequestError,
           lambda: client.messages.batches.create(requests=[request("a", "x"), request("a", "y")]))
    batch = at("stuck").messages.batches.create(requests=[request("a", "x")])
    raises(anthropic.BadRequestError, lambda: at("stuck").messages.batches.delete(batch.id))
    raises(anthropic.NotFoundError, lambda: at("stuck", "sk-ant-other").messages.batches.retrieve(batch.id))
    raises(anthropic.RateLimitError, lambda: at("busy").models.list())
    raises(anthropic.InternalServerError, lambda: at("failing").models.list())


finish()
