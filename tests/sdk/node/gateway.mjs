// The packages of npm against `twolane serve`: every door reaches every provider, unmodified.
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import OpenAI, { toFile } from "openai";

import { check, finish, holds, same, until } from "./check.mjs";

const origin = process.env.GATEWAY;
const models = ["gpt-4.1-mini", "claude-haiku-4-5", "gemini-2.5-flash-lite"];
const text = "Say something about a lost card.";
const openai = new OpenAI({ apiKey: "k", baseURL: origin + "/v1", maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: "k", baseURL: origin, maxRetries: 0 });
const gemini = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: origin } });

await check("gateway node: openai chat, stream helper and responses, every provider", async () => {
  for (const model of models) {
    const messages = [{ role: "user", content: text }];
    const whole = await openai.chat.completions.create({ model, messages });
    const stream = openai.chat.completions.stream({ model, messages });
    same((await stream.finalChatCompletion()).choices[0].message.content, whole.choices[0].message.content, model);
    const answer = await openai.responses.create({ model, input: text });
    holds(answer.output_text.includes("lost card"), answer.output_text);
    let told = "";
    for await (const event of await openai.responses.create({ model, input: text, stream: true }))
      if (event.type === "response.output_text.delta") told += event.delta;
    same(told, answer.output_text, model);
  }
});

await check("gateway node: embeddings decoded from base64", async () => {
  const answer = await openai.embeddings.create({ model: "text-embedding-3-small", input: "hello" });
  const length = Math.hypot(...answer.data[0].embedding);
  holds(Math.abs(length - 1) < 0.01, `length ${length}`);
});

await check("gateway node: anthropic stream helper and tools, every provider", async () => {
  for (const model of models) {
    const message = await anthropic.messages.stream({
      model, max_tokens: 200, messages: [{ role: "user", content: text }], tool_choice: { type: "tool", name: "note" },
      tools: [{ name: "note", input_schema: { type: "object", properties: { title: { type: "string" } }, required: ["title"] } }],
    }).finalMessage();
    const call = message.content.find((block) => block.type === "tool_use");
    holds(call?.name === "note" && "title" in call.input, JSON.stringify(message.content));
    same(message.stop_reason, "tool_use", model);
  }
});

await check("gateway node: gemini content and stream, every provider", async () => {
  for (const model of models) {
    const whole = await gemini.models.generateContent({ model, contents: text });
    let told = "";
    for await (const chunk of await gemini.models.generateContentStream({ model, contents: text })) told += chunk.text ?? "";
    same(told, whole.text, model);
  }
});

await check("gateway node: the Vercel AI SDK, chat and responses", async () => {
  const provider = createOpenAI({ apiKey: "k", baseURL: origin + "/v1" });
  for (const model of [provider.chat("claude-haiku-4-5"), provider("gpt-4.1-mini")]) {
    const { text: whole } = await generateText({ model, prompt: text, maxRetries: 0 });
    holds(whole.includes("lost card"), whole);
    let told = "";
    for await (const piece of streamText({ model, prompt: text, maxRetries: 0 }).textStream) told += piece;
    same(told, whole, "stream");
  }
});

await check("gateway node: batches, message batches, error classes", async () => {
  const line = JSON.stringify({ custom_id: "c-1", method: "POST", url: "/v1/chat/completions", body: {
    model: "gemini-2.5-flash-lite", messages: [{ role: "user", content: text }] } }) + "\n";
  const file = await openai.files.create({ file: await toFile(Buffer.from(line), "in.jsonl"), purpose: "batch" });
  const batch = await openai.batches.create({ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
  const done = await until(() => openai.batches.retrieve(batch.id), (b) => b.status === "completed");
  holds((await (await openai.files.content(done.output_file_id)).text()).includes("c-1"), "no result");
  const made = await anthropic.messages.batches.create({ requests: [{ custom_id: "m", params: {
    model: "gpt-4.1-mini", max_tokens: 30, messages: [{ role: "user", content: text }] } }] });
  await until(() => anthropic.messages.batches.retrieve(made.id), (b) => b.processing_status === "ended");
  for await (const result of await anthropic.messages.batches.results(made.id)) same(result.result.type, "succeeded", "result");
  const error = await openai.chat.completions.create({ model: "mistral-large", messages: [{ role: "user", content: "x" }] }).catch((e) => e);
  holds(error instanceof OpenAI.NotFoundError, `${error}`);
});

await check("gateway node: a file in parts, and a batch of it", async () => {
  const line = (i) => JSON.stringify({ custom_id: `u-${i}`, method: "POST", url: "/v1/chat/completions", body: {
    model: "claude-haiku-4-5", messages: [{ role: "user", content: text }] } }) + "\n";
  const lines = [...Array(20).keys()].map(line).join("");
  const upload = await openai.uploads.create({ bytes: lines.length, filename: "in.jsonl", mime_type: "text/jsonl", purpose: "batch" });
  same([upload.object, upload.status], ["upload", "pending"], "upload");
  const pieces = [lines.slice(0, 1000), lines.slice(1000)];
  const parts = await Promise.all(pieces.map(async (piece) => openai.uploads.parts.create(upload.id, {
    data: await toFile(Buffer.from(piece), "part") })));
  const done = await openai.uploads.complete(upload.id, { part_ids: parts.map((part) => part.id) });
  same([done.status, done.file.bytes], ["completed", lines.length], "completed");
  same(await (await openai.files.content(done.file.id)).text(), lines, "content");
  const batch = await openai.batches.create({ input_file_id: done.file.id, endpoint: "/v1/chat/completions", completion_window: "24h" });
  await until(() => openai.batches.retrieve(batch.id), (b) => b.status === "completed");
  const other = await openai.uploads.create({ bytes: 5, filename: "in.jsonl", mime_type: "text/jsonl", purpose: "batch" });
  same((await openai.uploads.cancel(other.id)).status, "cancelled", "cancelled");
});

await check("gateway node: patient answers through the stream helpers", async () => {
  const defaultHeaders = { "Twolane-Deadline": "12h" };
  const slow = new OpenAI({ apiKey: "k", baseURL: origin + "/v1", maxRetries: 0, defaultHeaders });
  const model = "gpt-4.1-mini", messages = [{ role: "user", content: text }];
  const chat = await slow.chat.completions.stream({ model, messages, stream_options: { include_usage: true } }).finalChatCompletion();
  holds(chat.choices[0].message.content.includes("lost card") && chat.usage.completion_tokens > 0, JSON.stringify(chat));
  const response = await slow.responses.stream({ model, input: text }).finalResponse();
  holds(response.output_text.includes("lost card"), JSON.stringify(response));
  const patient = new Anthropic({ apiKey: "k", baseURL: origin, maxRetries: 0, defaultHeaders });
  const message = await patient.messages.stream({ model: "claude-haiku-4-5", max_tokens: 90, messages }).finalMessage();
  holds(message.content[0].text.includes("lost card") && message.usage.output_tokens > 0, JSON.stringify(message));
});

await check("gateway node: streams that wait for their answers show that they live", async () => {
  const baseURL = process.env.GATEWAY_SLOW, defaultHeaders = { "Twolane-Deadline": "2h" };
  const seen = { pings: 0 };
  const counting = async (...args) => {  // what the helpers pass over in silence
    const response = await fetch(...args);
    const [mine, theirs] = response.body.tee();
    new Response(mine).text().then((all) => { if (/^(: |event: ping)/.test(all)) seen.pings += 1; });
    return new Response(theirs, response);
  };
  const slow = new OpenAI({ apiKey: "k", baseURL: baseURL + "/v1", maxRetries: 0, defaultHeaders, fetch: counting });
  const patient = new Anthropic({ apiKey: "k", baseURL, maxRetries: 0, defaultHeaders, fetch: counting });
  const model = "gpt-4.1-mini", messages = [{ role: "user", content: text }];
  const [chat, response, message] = await Promise.all([
    slow.chat.completions.stream({ model, messages }).finalChatCompletion(),
    slow.responses.stream({ model, input: text }).finalResponse(),
    patient.messages.stream({ model: "claude-haiku-4-5", max_tokens: 90, messages }).finalMessage()]);
  for (const told of [chat.choices[0].message.content, response.output_text, message.content[0].text])
    holds(told.includes("lost card"), told);
  await until(async () => seen.pings, (pings) => pings === 3);
});
finish();
