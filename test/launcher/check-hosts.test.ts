import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Test, test } from "tap";
import type { HostCheck } from "../../launcher/check-hosts.js";
import { diagnose } from "../../launcher/diagnose.js";
import { hostFacts } from "../../launcher/host-facts.js";
import { plainHost } from "../../launcher/hostfile.js";
import { PLAYED_SSH } from "./tsmpirun.js";

const own = hostFacts();
const host = { ...plainHost, name: "n1", slots: 1, origin: "--host" };

/** What is not well, when something is otherwise than here. */
function complaints(other: Partial<typeof own>, slots = 1, skewMs = 0): string[] {
  const answer = { facts: { ...own, addresses: ["eth0 10.0.0.1"], ...other }, ms: 1 };
  const check: HostCheck = {
    host: { ...host, slots },
    resolved: { address: undefined, ms: 0 },
    answer,
    skewMs,
  };
  return diagnose(check, own).flatMap(({ level, text }) => (level === "ok" ? [] : [`${level}: ${text}`]));
}

void test("a host is diagnosed before a job fails there", async (t) => {
  t.same(complaints({}), []);
  const cases: readonly (readonly [complaint: RegExp, found: string[]])[] = [
    [/^error: node v18\.1\.0 is too old; install 20/, complaints({ node: "v18.1.0" }).slice(1)],
    [/^warning: node v99\.0\.0, here v\d+/, complaints({ node: "v99.0.0" })],
    [/^error: it is sparc, this host is/, complaints({ arch: "sparc" })],
    [/^error: a native package does not load: koffi: no/, complaints({ broken: ["koffi: no"] })],
    [/^warning: ulimit -n 50 is little/, complaints({ openFiles: 50 })],
    [/^warning: 0\.0 GiB of memory for 1 ranks/, complaints({ memoryBytes: 1 })],
    [/^warning: the temporary folder is full/, complaints({ temporaryBytes: 0 })],
    [/^warning: no address but the loopback/, complaints({ addresses: [] })],
    [/^warning: its clock is 60\.0 s off/, complaints({}, 1, 60_000)],
  ];
  for (const [complaint, found] of cases) {
    t.equal(found.length, 1, complaint.source);
    t.match(found[0], complaint);
  }
});

/** Runs tsmpirun with a client that plays ssh. */
function tsmpirun(t: Test, ...args: readonly string[]) {
  const cli = fileURLToPath(new URL("../../launcher/cli.js", import.meta.url));
  const env = { ...process.env, SSH_LOG: join(t.testdir(), "log") };
  const [command, ...rest] = args;
  const ssh = command === "help" ? [] : ["--ssh", PLAYED_SSH];
  return spawnSync(process.execPath, [cli, command, ...ssh, ...rest], { encoding: "utf8", env });
}

void test("hosts --check asks every host, and says of each what came of it", async (t) => {
  const { status, stdout } = tsmpirun(t, "hosts", "--check", "--host", "n1:2,gone7:1,localhost:3");
  t.equal(status, 125, "one does not answer");
  const [head, n1, gone, local, ...rest] = stdout.trim().split("\n");
  t.match(head, /^host +slots +resolves to +ms +answers in ms +node +tsmpi +CPUs +address$/);
  t.match(n1, /^n1 +2 +.* v\d+\.\d+\.\d+ +\d+\.\d+\.\d+ +\d+ cores?/);
  t.match(gone, /^gone7 +1 .* no +- +- +- +-$/);
  t.match(local, /^localhost +3 +(127\.0\.0\.1|::1) /);
  t.match(rest.join("\n"), /^gone7: sh: exit code 255 after \d\.\d s\n {2}no way to gone7$/);
});

void test("hosts lists without asking; doctor says what is wrong; misspelt options are errors", async (t) => {
  const sample = fileURLToPath(new URL("../../../hostfiles/openmpi", import.meta.url));
  t.match(tsmpirun(t, "hosts", sample).stdout, /^node01: 4 \(.*openmpi:\d\)\nnode02: 4/);
  const sick = tsmpirun(t, "doctor", "--host", "gone7,localhost");
  t.equal(sick.status, 125);
  t.match(
    sick.stdout,
    /gone7:\n +error {2}no agent: sh: exit code 255 after \d\.\d s\n {2}no way to gone7\nlocalhost:\n +ok {2}answers in/,
  );
  t.match(tsmpirun(t, "hosts", "--chek").stderr, /unknown option --chek; did you mean --check\?/);
});
