// The reference of bench/tokens.sh: the same as tokens_bench.cc with npm's tiktoken.
const fs = require("fs");
const [work, encoding, file, what] = process.argv.slice(2);
const { get_encoding } = require(fs.realpathSync(work) + "/node_modules/tiktoken");
const encoder = get_encoding(encoding + "_base");
const texts = fs.readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
if (what === "--ids") {
  const lines = texts.map((text) => [...encoder.encode_ordinary(text)].map((id) => id + " ").join(""));
  process.stdout.write(lines.join("\n") + "\n");
} else {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const begin = process.hrtime.bigint();
  let seconds = 0, tokens = 0, rounds = 0;
  while (seconds < Number(what)) {
    tokens = 0;
    for (const text of texts) tokens += encoder.encode_ordinary(text).length;
    ++rounds;
    seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  }
  const speed = Number(((bytes * rounds) / seconds / 1e6).toFixed(1));
  console.log(JSON.stringify({ texts: texts.length, bytes, tokens, mb_per_s: speed }));
}
