/**
 * What tests check with short heartbeats, with the default one of ten seconds; takes three minutes. As root:
 *
 *     node dist/test/hosts/heartbeats.js
 *
 * A host that is cut off, and one that loses its power, must be named within 15 s; a rank that computes for a minute on
 * a host behind a slow line must not be taken for lost.
 */
import { fileURLToPath } from "node:url";
import { makeHosts } from "./namespaces.js";
import { launchOnHosts } from "./run-on-hosts.js";

const program = (name: string): string =>
  fileURLToPath(new URL(`../../../test/launcher/programs/${name}`, import.meta.url));
const hosts = await makeHosts(3);
const on = ["--host", hosts.names.map((name) => `${name}:2`).join(",")];
const waiting = [...on, program("where.ts"), "fail", "9"]; // all wait, for ever

/** Does something once all ranks run; returns how the job ended, and how long after that. */
async function after(act: () => void, args: readonly string[]) {
  let actedMs = 0;
  const watch = (stdout: string): void => {
    if (actedMs > 0 || !stdout.includes("5@")) return;
    actedMs = performance.now();
    act();
  };
  const outcome = await launchOnHosts({ hosts, args, watch, limitMs: 150_000 });
  return { ...outcome, seconds: (performance.now() - actedMs) / 1000 };
}

function tell(
  what: string,
  good: boolean,
  { code, stderr, left, seconds }: Awaited<ReturnType<typeof after>>,
): void {
  const fine = good && left.length === 0;
  console.log(`${fine ? "good" : "BAD "} ${what}: exit code ${code} after ${seconds.toFixed(1)} s`);
  console.log(`     ${[...left, stderr.trim()].join("\n     ")}`);
  if (!fine) process.exitCode = 1;
}

try {
  const slow = await after(
    () => hosts.shape("node2", "1mbit"),
    [...on, program("everyone.ts"), "slow", "60"],
  );
  tell("a slow line, and a minute of computing", slow.code === 0 && slow.seconds > 60, slow);
  hosts.unshape("node2");
  const cut = await after(() => hosts.cut("node2"), waiting);
  tell("a host cut off", cut.code === 125 && cut.seconds < 15 && /^tsmpirun: node2 /.test(cut.stderr), cut);
  hosts.heal("node2");
  const off = await after(() => hosts.powerOff("node3"), waiting);
  tell("a host without power", off.code === 125 && off.seconds < 15 && /node3 /.test(off.stderr), off);
} finally {
  await hosts.down();
}
