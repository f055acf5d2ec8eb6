import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import { type HostEntry, parseHostfile, parseHostList } from "../../launcher/hostfile.js";
import { findHosts, type HostChoice, isThisHost } from "../../launcher/hosts.js";

const samples = fileURLToPath(new URL("../../../hostfiles", import.meta.url));

/** Name and slots of each entry: `a:4`, `b:?`. */
function brief(text: string): string[] {
  return parseHostfile(text, "hosts").map(({ name, slots }) => `${name}:${slots ?? "?"}`);
}

void test("a host file in either dialect", async (t) => {
  t.same(brief("a slots=4 max_slots=8\nb:2 user=ann\nc\n"), ["a:4", "b:2", "c:?"]);
  t.same(brief("a count=2\nb cpu=3\nc:4 slots=4"), ["a:2", "b:3", "c:4"]);
  t.same(brief("# nothing\n\n   \n  a:1 # one\nb // none\r\n"), ["a:1", "b:?"]);
  t.same(brief("[::1]:4\n[fe80::1%eth0]"), ["::1:4", "fe80::1%eth0:?"]);
  t.same(brief("n[08-10,3]-ib:2"), ["n08-ib:2", "n09-ib:2", "n10-ib:2", "n3-ib:2"]);
  t.same(brief("r[1-2]n[1-2]"), ["r1n1:?", "r1n2:?", "r2n1:?", "r2n2:?"]);
});

void test("every key of a host file", async (t) => {
  const [host] = parseHostfile(
    "ann@a slots=4 slots-max=6 port=2222 iface=ib0 node=/opt/node workdir=/scratch",
    "hosts",
  );
  t.same(host, {
    name: "a",
    slots: 4,
    maxSlots: 6,
    user: "ann",
    port: 2222,
    iface: "ib0",
    node: "/opt/node",
    workdir: "/scratch",
    origin: "hosts:1",
  });
});

void test("an error in a host file names line, column and word", async (t) => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ["a\nb slots=x", /^hosts:2:3: "slots=x": "x" is not a positive integer$/],
    ["a slots=0", /^hosts:1:3: .*"0" is not a positive integer/],
    ["  a:zwei", /^hosts:1:3: "a:zwei": "zwei" is not/],
    ["a slots=2 b", /^hosts:1:11: unexpected "b"; write one host per line/],
    ["a slot_s=2", /^hosts:1:3: unknown key "slot_s"/],
    ["a user=", /^hosts:1:3: "user=" has no value/],
    ["a:2 slots=3", /^hosts:1:1: "a:2" says 2 slots, slots= says 3/],
    ["::1", /^hosts:1:1: "::1" is no host; .*\[::1\]:4/],
    ["n[1-", /^hosts:1:1: .*is no host name/],
    ["n[5-2]", /^hosts:1:1: "n\[5-2\]": "5-2" is no range/],
    ["n[0-9999999]", /^hosts:1:1: .*10000000 hosts in one range/],
    ["bad!name", /^hosts:1:1: .*is no host name/],
  ];
  for (const [text, message] of cases)
    t.throws(() => parseHostfile(text, "hosts"), { message, exitCode: 2 }, text);
});

/** Names and slots of the hosts that are chosen. */
function choose(choice: Partial<HostChoice>, granted?: readonly HostEntry[]): string {
  const hosts = findHosts(
    { hosts: [], hostfile: undefined, exclude: [], nolocal: false, ...choice },
    granted,
  );
  return hosts.map(({ name, slots }) => `${name}:${slots ?? "?"}`).join(" ");
}

void test("--host lists hosts; no number is one slot", async (t) => {
  const brief = (text: string) => parseHostList(text).map(({ name, slots, user }) => [user, name, slots]);
  t.same(brief("a,b:4, ann@c"), [
    [undefined, "a", undefined],
    [undefined, "b", 4],
    ["ann", "c", undefined],
  ]);
  t.equal(choose({ hosts: ["a,b:4", "a"] }), "a:2 b:4");
  t.same(brief("n[1,3]:2,[::1]:3").length, 3);
  t.throws(() => parseHostList("a,,b"), { message: /empty host name/ });
  t.throws(() => parseHostList("a:-1"), { message: /"-1" is not a positive integer/ });
});

void test("--host picks hosts of the host file, and no others", async (t) => {
  const hostfile = `${samples}/openmpi`;
  t.equal(choose({ hostfile, hosts: ["node02"] }), "node02:4");
  t.equal(choose({ hostfile, hosts: ["node03:1,node01:9"] }), "node03:1 node01:4", "slots only become fewer");
  t.throws(() => choose({ hostfile, hosts: ["node09"] }), {
    message: /^--host: node09 is not among the hosts of .*openmpi; use those it lists$/,
  });
});

void test("a resource manager's hosts are the only ones there are", async (t) => {
  const granted = parseHostfile("n[1-3].cluster slots=4", "job 7 of Slurm");
  t.equal(choose({}, granted), "n1.cluster:4 n2.cluster:4 n3.cluster:4");
  t.equal(choose({ hosts: ["n2:2,n3"] }, granted), "n2.cluster:2 n3.cluster:4", "with or without the domain");
  t.throws(() => choose({ hosts: ["n4"] }, granted), {
    message: /n4 is not among the hosts of job 7 of Slurm/,
  });
});

void test("--exclude and --nolocal leave hosts out", async (t) => {
  const hosts = ["localhost:2,a:1,n[1-3]:1"];
  t.equal(choose({ hosts, exclude: ["a,n[2-3]"] }), "localhost:2 n1:1");
  t.equal(choose({ hosts, nolocal: true }), "a:1 n1:1 n2:1 n3:1");
  t.throws(() => choose({ hosts, exclude: ["b"] }), {
    message: /--exclude b: no such host; there are localhost, a, n1/,
  });
  t.throws(() => choose({ hosts: ["localhost"], nolocal: true }), {
    message: /no host is left of localhost/,
  });
});

void test("names and addresses of this host", async (t) => {
  for (const name of ["localhost", "127.0.0.1", "::1"]) t.ok(isThisHost(name), name);
  t.notOk(isThisHost("elsewhere.invalid"));
});

void test("every sample says what it is for, and parses", async (t) => {
  for (const name of readdirSync(samples)) {
    const text = readFileSync(`${samples}/${name}`, "utf8");
    t.match(text, /^# [A-Z].*[.]/, name);
    t.ok(parseHostfile(text, name).length > 0, name);
  }
});
