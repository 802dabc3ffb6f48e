// Runs named checks one after the other and says of each whether it holds.

let failed = 0;

export const sims = {
  calm: process.env.SIM_CALM,       // everything works
  stuck: process.env.SIM_STUCK,     // batches never end by themselves
  failing: process.env.SIM_FAILING, // control calls are answered 500
  busy: process.env.SIM_BUSY,       // ... or 429
};

export async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    const line = /(\w+\.mjs:\d+):\d+\)?$/m.exec(error?.stack?.replaceAll(/.*check\.mjs.*/g, "") ?? "")?.[1];
    console.log(`FAILED ${name}: ${line}: ${error}`);
  }
}

export function holds(truth, what) {
  if (!truth) throw new Error(what);
}

export function same(seen, wanted, what) {
  holds(JSON.stringify(seen) === JSON.stringify(wanted),
        `${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
}

// Asks until `done` holds, for at most 30 s.
export async function until(ask, done) {
  const end = Date.now() + 30_000;
  for (;;) {
    const seen = await ask();
    if (done(seen)) return seen;
    holds(Date.now() < end, `still not so: ${JSON.stringify(seen)}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

export async function raises(call, kind) {
  try {
    await call();
  } catch (error) {
    holds(error instanceof kind, `raised ${error?.constructor?.name}: ${error}`);
    return error;
  }
  throw new Error(`did not raise ${kind.name}`);
}

export function finish() {
  process.exit(failed ? 1 : 0);
}
