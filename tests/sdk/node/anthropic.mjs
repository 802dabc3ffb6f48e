// The @anthropic-ai/sdk package against the simulated Anthropic.

import Anthropic from "@anthropic-ai/sdk";
import { check, finish, holds, raises, same, sims, until } from "./check.mjs";

const at = (origin, key = "sk-ant-node") => new Anthropic({ apiKey: key, baseURL: `${origin}/anthropic`, maxRetries: 0 });
const client = at(sims.calm);
const request = (id, text, more = {}) => ({
  custom_id: id, params: { model: "claude-haiku-4-5", max_tokens: 40, messages: [{ role: "user", content: text }], ...more } });
const ended = (on, id) => until(() => on.messages.batches.retrieve(id), (b) => b.processing_status === "ended");
async function results(on, id) {
  const all = [];
  for await (const result of await on.messages.batches.results(id)) all.push(result);
  return all;
}

await check("anthropic node: batch, results, delete", async () => {
  const batch = await client.messages.batches.create({
    requests: [...Array.from({ length: 20 }, (_, i) => request(`a-${i}`, `Where is card ${i}?`)), request("none", "x", { max_tokens: 0 })] });
  same(batch.processing_status, "in_progress", "status");
  same(batch.request_counts.processing, 21, "counts are frozen");
  const done = await ended(client, batch.id);
  same([done.request_counts.succeeded, done.request_counts.errored], [20, 1], "counts");
  const all = await results(client, batch.id);
  same(new Set(all.map((r) => r.custom_id)).size, 21, "ids");
  const good = all.filter((r) => r.result.type === "succeeded");
  holds(good.length === 20 && good.every((r) => r.result.message.usage.output_tokens > 0), "messages");
  same(all.find((r) => r.custom_id === "none").result.error.error.type, "invalid_request_error", "error of the item");
  same((await client.messages.batches.delete(batch.id)).type, "message_batch_deleted", "delete");
  await raises(() => client.messages.batches.retrieve(batch.id), Anthropic.NotFoundError);
});

await check("anthropic node: lists page by page, both ways of asking", async () => {
  const own = at(sims.calm, "sk-ant-node-list");
  const ids = [];
  for (let i = 0; i < 5; i += 1) ids.unshift((await own.messages.batches.create({ requests: [request("a", `n ${i}`)] })).id);
  const seen = [];
  for await (const batch of own.messages.batches.list({ limit: 2 })) seen.push(batch.id);
  same(seen, ids, "newest first");
  const beta = [];
  for await (const batch of own.beta.messages.batches.list({ limit: 3 })) beta.push(batch.id);
  same(beta, ids, "beta");
  const before = await own.messages.batches.list({ limit: 2, before_id: ids[3] });
  same(before.data.map((b) => b.id), [ids[1], ids[2]], "before");
});

await check("anthropic node: cancel", async () => {
  const stuck = at(sims.stuck);
  const batch = await stuck.messages.batches.create({ requests: [request("a", "x"), request("b", "y")] });
  same((await stuck.messages.batches.cancel(batch.id)).processing_status, "canceling", "at once");
  const done = await ended(stuck, batch.id);
  same(done.request_counts.canceled, 2, "counts");
  same((await results(stuck, batch.id)).map((r) => r.result.type), ["canceled", "canceled"], "results");
});

await check("anthropic node: synchronous calls", async () => {
  const answer = await client.messages.create({ model: "claude-sonnet-4-6", max_tokens: 100, system: "Labels: billing, shipping",
                                                messages: [{ role: "user", content: "shipping is late" }] });
  same(answer.content[0].text, "shipping", "label");
  same(answer.usage.service_tier, "standard", "tier");
  const called = await client.messages.create({ model: "claude-sonnet-4-6", max_tokens: 100, tool_choice: { type: "tool", name: "look" },
    tools: [{ name: "look", input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } }],
    messages: [{ role: "user", content: "Weather in Paris?" }] });
  same([called.stop_reason, called.content[0].type, called.content[0].name], ["tool_use", "tool_use", "look"], "tool");
  const counted = await client.messages.countTokens({ model: "claude-sonnet-4-6", messages: [{ role: "user", content: "hello there" }] });
  holds(counted.input_tokens > 0, "count");
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  holds(models.includes("claude-haiku-4-5"), "models");
});

await check("anthropic node: errors have their classes", async () => {
  await raises(() => at(sims.calm, "bad-key").models.list(), Anthropic.AuthenticationError);
  await raises(() => client.messages.batches.retrieve("msgbatch_nope"), Anthropic.NotFoundError);
  await raises(() => client.messages.batches.create({ requests: [request("not allowed!", "x")] }), Anthropic.BadRequestError);
  await raises(() => client.messages.batches.create({ requests: [request("a", "x"), request("a", "y")] }), Anthropic.BadRequestError);
  await raises(() => client.messages.create({ model: "claude-nope", max_tokens: 5, messages: [{ role: "user", content: "x" }] }), Anthropic.NotFoundError);
  await raises(() => at(sims.busy).models.list(), Anthropic.RateLimitError);
  await raises(() => at(sims.failing).models.list(), Anthropic.InternalServerError);
});

finish();
