// The openai package against the simulated OpenAI.

import OpenAI, { toFile } from "openai";
import { check, finish, holds, raises, same, sims, until } from "./check.mjs";

const at = (origin, key = "sk-node") => new OpenAI({ apiKey: key, baseURL: `${origin}/openai/v1`, maxRetries: 0 });
const client = at(sims.calm);
const terminal = ["completed", "failed", "expired", "cancelled"];

const chat = (id, text, model = "gpt-5.4-mini") => JSON.stringify({
  custom_id: id, method: "POST", url: "/v1/chat/completions",
  body: { model, max_completion_tokens: 40, messages: [{ role: "user", content: text }] },
});

async function create(on, lines, endpoint = "/v1/chat/completions") {
  const file = await on.files.create({ file: await toFile(Buffer.from(lines.join("\n") + "\n"), "in.jsonl"), purpose: "batch" });
  return on.batches.create({ input_file_id: file.id, endpoint, completion_window: "24h", metadata: { token: "t-1" } });
}
const ended = (on, id) => until(() => on.batches.retrieve(id), (b) => terminal.includes(b.status));
const lines = async (on, id) => (await (await on.files.content(id)).text()).trim().split("\n").map((line) => JSON.parse(line));

await check("openai node: upload, batch, results, delete", async () => {
  const batch = await create(client, Array.from({ length: 30 }, (_, i) => chat(`c-${i}`, `Where is card ${i}?`)));
  holds(["validating", "in_progress"].includes(batch.status), batch.status);
  same(batch.metadata, { token: "t-1" }, "metadata");
  const done = await ended(client, batch.id);
  same(done.status, "completed", "status");
  same(done.request_counts, { total: 30, completed: 30, failed: 0 }, "counts");
  const results = await lines(client, done.output_file_id);
  same(new Set(results.map((r) => r.custom_id)).size, 30, "ids");
  holds(results.every((r) => r.response.status_code === 200 && r.response.body.usage.total_tokens > 0), "bodies");
  const input = await client.files.retrieve(done.input_file_id);
  same([input.purpose, input.status], ["batch", "processed"], "input file");
  same((await client.files.delete(done.input_file_id)).deleted, true, "delete");
  await raises(() => client.files.retrieve(done.input_file_id), OpenAI.NotFoundError);
});

await check("openai node: lists page by page", async () => {
  const own = at(sims.calm, "sk-node-list");
  const ids = [];
  for (let i = 0; i < 5; i += 1) ids.unshift((await create(own, [chat("c", `n ${i}`)])).id);
  const seen = [];
  for await (const batch of own.batches.list({ limit: 2 })) seen.push(batch.id);
  same(seen, ids, "batches, newest first");
  const files = [];
  for await (const file of own.files.list({ limit: 2, purpose: "batch" })) files.push(file.id);
  same(files.length, 5, "files");
});

await check("openai node: cancel", async () => {
  const stuck = at(sims.stuck);
  const batch = await create(stuck, [chat("a", "hello"), chat("b", "hello")]);
  same((await stuck.batches.cancel(batch.id)).status, "cancelling", "status at once");
  const done = await ended(stuck, batch.id);
  same(done.status, "cancelled", "status");
  const left = await lines(stuck, done.error_file_id);
  same(left.map((line) => line.error.code), ["batch_cancelled", "batch_cancelled"], "lines");
});

await check("openai node: validation fails the whole batch", async () => {
  const batch = await create(client, [chat("a", "x"), "{\"custom_id\":\"a\"", chat("a", "y")]);
  const done = await ended(client, batch.id);
  same(done.status, "failed", "status");
  same(done.errors.data.map((e) => [e.code, e.line]), [["invalid_json_line", 2], ["duplicate_custom_id", 3]], "errors");
});

await check("openai node: embeddings, in a batch and at once", async () => {
  const line = JSON.stringify({ custom_id: "e", method: "POST", url: "/v1/embeddings",
                                body: { model: "text-embedding-3-small", input: ["one", "two"], dimensions: 4 } });
  const done = await ended(client, (await create(client, [line], "/v1/embeddings")).id);
  const [result] = await lines(client, done.output_file_id);
  const live = await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"], dimensions: 4 });
  same(live.data.length, 2, "two vectors");
  for (let i = 0; i < 4; i += 1)
    holds(Math.abs(live.data[0].embedding[i] - result.response.body.data[0].embedding[i]) < 1e-4, "batch and live agree");
});

await check("openai node: synchronous calls", async () => {
  const answer = await client.chat.completions.create({
    model: "gpt-5.4-mini", messages: [{ role: "system", content: "Labels: billing, shipping" }, { role: "user", content: "my shipping is late" }] });
  same(answer.choices[0].message.content, "shipping", "label");
  const schema = { type: "object", properties: { mood: { type: "string", enum: ["good", "bad"] }, n: { type: "integer" } },
                   required: ["mood", "n"], additionalProperties: false };
  const shaped = await client.responses.create({ model: "gpt-5.4-mini", input: "this is bad",
    text: { format: { type: "json_schema", name: "m", schema, strict: true } } });
  same(JSON.parse(shaped.output_text).mood, "bad", "schema");
  const flagged = await client.moderations.create({ input: "hello" });
  same(flagged.results[0].flagged, false, "moderation");
  holds((await client.models.list()).data.some((m) => m.id === "gpt-5.4-mini"), "models");
});

await check("openai node: errors have their classes", async () => {
  await raises(() => at(sims.calm, "bad-key").models.list(), OpenAI.AuthenticationError);
  await raises(() => client.batches.retrieve("batch_nope"), OpenAI.NotFoundError);
  await raises(() => client.batches.create({ input_file_id: "f", endpoint: "/v1/nope", completion_window: "24h" }), OpenAI.BadRequestError);
  const done = await ended(client, (await create(client, [chat("a", "x")])).id);
  await raises(() => client.batches.cancel(done.id), OpenAI.ConflictError);
  const other = at(sims.calm, "sk-other");
  await raises(() => other.batches.retrieve(done.id), OpenAI.NotFoundError);
  await raises(() => at(sims.busy).models.list(), OpenAI.RateLimitError);
  await raises(() => at(sims.failing).models.list(), OpenAI.InternalServerError);
});

finish();
