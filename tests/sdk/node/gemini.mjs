// The @google/genai package against the simulated Gemini.

import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ApiError, GoogleGenAI } from "@google/genai";
import { check, finish, holds, raises, same, sims, until } from "./check.mjs";

const at = (origin, key = "AIza-node") => new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: `${origin}/gemini` } });
const client = at(sims.calm);
const model = "gemini-2.5-flash";
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sdk-"));
const over = ["JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"];
const ended = (on, name) => until(() => on.batches.get({ name }), (job) => over.includes(job.state));

async function upload(on, rows) {
  const file = path.join(scratch, `${rows.length}.jsonl`);
  fs.writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n") + "\n");
  return on.files.upload({ file, config: { mimeType: "application/jsonl", displayName: "in" } });
}
async function download(on, name) {
  const to = path.join(scratch, "out.jsonl");
  fs.rmSync(to, { force: true });
  await on.files.download({ file: name, downloadPath: to });
  return until(async () => {  // the download goes on in the background
    const text = fs.existsSync(to) ? fs.readFileSync(to, "utf8") : "";
    return text.endsWith("\n") ? text.trim().split("\n").map((line) => JSON.parse(line)) : [];
  }, (rows) => rows.length > 0);
}

await check("gemini node: inline batch", async () => {
  const job = await client.batches.create({ model, config: { displayName: "t-1" },
    src: [1, 2, 3].map((n) => ({ contents: [{ role: "user", parts: [{ text: `hello ${n}` }] }], metadata: { key: `k${n}` } })) });
  holds(["JOB_STATE_PENDING", "JOB_STATE_RUNNING"].includes(job.state), job.state);
  same(job.displayName, "t-1", "name");
  const done = await ended(client, job.name);
  same(done.state, "JOB_STATE_SUCCEEDED", "state");
  same(done.dest.inlinedResponses.map((r) => r.metadata.key).sort(), ["k1", "k2", "k3"], "keys");
  holds(done.dest.inlinedResponses.every((r) => r.response.candidates[0].content.parts[0].text.includes("hello")), "texts");
  await client.batches.delete({ name: job.name });
  await raises(() => client.batches.get({ name: job.name }), ApiError);
});

await check("gemini node: file batch", async () => {
  const file = await upload(client, Array.from({ length: 20 }, (_, i) => (
    { key: `r${i}`, request: { contents: [{ parts: [{ text: `hello ${i}` }] }] } })));
  same([file.state, file.source], ["ACTIVE", "UPLOADED"], "file");
  const job = await client.batches.create({ model, src: file.name, config: { displayName: "files" } });
  const done = await ended(client, job.name);
  const rows = await download(client, done.dest.fileName);
  same(new Set(rows.map((row) => row.key)).size, 20, "keys");
  holds(rows.every((row) => row.response.usageMetadata.totalTokenCount > 0), "usage");
  await client.files.delete({ name: file.name });
  same((await raises(() => client.files.delete({ name: file.name }), ApiError)).status, 403, "second delete");
});

await check("gemini node: embeddings batch", async () => {
  const job = await client.batches.createEmbeddings({ model: "gemini-embedding-001",
    src: { inlinedRequests: { contents: [{ parts: [{ text: "one" }] }, { parts: [{ text: "two" }] }], config: { outputDimensionality: 4 } } } });
  const done = await ended(client, job.name);
  same(done.state, "JOB_STATE_SUCCEEDED", "state");
  same(done.dest.inlinedEmbedContentResponses.length, 2, "answers");
  same(done.dest.inlinedEmbedContentResponses[0].response.embedding.values.length, 4, "dimensions");
});

await check("gemini node: list and cancel", async () => {
  const stuck = at(sims.stuck, "AIza-node-list");
  const names = [];
  for (let i = 0; i < 3; i += 1)
    names.unshift((await stuck.batches.create({ model, src: [{ contents: [{ parts: [{ text: "x" }] }] }] })).name);
  const seen = [];
  for await (const job of await stuck.batches.list({ config: { pageSize: 2 } })) seen.push(job.name);
  same(seen, names, "newest first");
  await stuck.batches.cancel({ name: names[0] });
  const done = await ended(stuck, names[0]);
  holds(["JOB_STATE_CANCELLED", "JOB_STATE_SUCCEEDED"].includes(done.state), done.state);
});

await check("gemini node: synchronous calls", async () => {
  const answer = await client.models.generateContent({ model, contents: "shipping is late", config: { systemInstruction: "Labels: billing, shipping" } });
  same(answer.text, "shipping", "label");
  const shaped = await client.models.generateContent({ model, contents: "this is bad", config: { responseMimeType: "application/json",
    responseSchema: { type: "OBJECT", properties: { mood: { type: "STRING", enum: ["good", "bad"] } } } } });
  same(JSON.parse(shaped.text), { mood: "bad" }, "schema");
  const vectors = await client.models.embedContent({ model: "gemini-embedding-001", contents: ["a", "b"], config: { outputDimensionality: 4 } });
  same(vectors.embeddings.length, 2, "embeddings");
  holds((await client.models.countTokens({ model, contents: "hello" })).totalTokens > 0, "count");
});

await check("gemini node: errors", async () => {
  const status = async (call) => (await raises(call, ApiError)).status;
  same(await status(() => at(sims.calm, "bad-key").models.generateContent({ model, contents: "x" })), 400, "key");
  same(await status(() => client.models.generateContent({ model: "gemini-nope", contents: "x" })), 404, "model");
  same(await status(() => client.batches.create({ model, src: "files/nope" })), 403, "file");
  same(await status(() => at(sims.busy).models.generateContent({ model, contents: "x" })), 429, "throttled");
  same(await status(() => at(sims.failing).models.generateContent({ model, contents: "x" })) >= 500, true, "broken");
});

fs.rmSync(scratch, { recursive: true, force: true });
finish();
