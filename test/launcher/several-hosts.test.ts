import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "tap";
import { overSsh } from "./over-ssh.js";
import { AGENT_COMMAND, program, tsmpirun, type RunOptions } from "./tsmpirun.js";

const where = program("where.ts");

void test("fork: agents of this host play all of them, each with memory of its own", async (t) => {
  const { code, stdout, stderr, left } = await tsmpirun(["--launcher", "fork", "--host", "a:2,b:1", where]);
  t.equal(stderr, "");
  t.equal(code, 0);
  t.same(stdout.trim().split("\n"), ["0@a 0/2 0/2 shm+tcp 6", "1@a 1/2 0/2 shm+tcp 6", "2@b 0/1 1/2 tcp 6"]);
  t.same(left, []);
});

void test("--transport names one way for all ranks; shared memory cannot reach another host", async (t) => {
  const hosts = ["--launcher", "fork", "--host", "a:2,b:1"];
  const { stdout, left } = await tsmpirun([...hosts, "--transport", "zmq", where]);
  t.match(stdout, /1@a 1\/2 0\/2 zmq 6/);
  t.same(left, []);
  const shm = await tsmpirun([...hosts, "--transport", "shm", where]);
  t.equal(shm.code, 2);
  t.match(shm.stderr, /--transport shm: memory is not shared between 2 hosts/);
});

void test("a rank that fails ends those of other hosts", async (t) => {
  const options = ["--launcher", "fork", "--host", "a:2,b:2"];
  const { code, stderr, seconds, left } = await tsmpirun([...options, where, "fail", "3"]);
  t.equal(code, 1);
  t.match(stderr, /^tsmpirun: rank 3 \(b, pid \d+\) .*on purpose/ms);
  t.ok(seconds < 30, `within ${seconds} s`);
  t.same(left, []);
});

for (const signal of ["SIGKILL", "SIGTERM"] as const)
  void test(`${signal} for the launcher ends the ranks of all hosts`, async (t) => {
    const watch: RunOptions["watch"] = (child, stdout) => void (/3@/.test(stdout) && child.kill(signal));
    const options = ["--launcher", "fork", "--host", "a:2,b:2"];
    const { left, seconds } = await tsmpirun([...options, where, "fail", "9"], { watch });
    t.ok(seconds < 30, `within ${seconds} s`);
    t.same(left, []);
  });

void test("ssh: one agent per host, whatever a login shell prints; no secret on its command line", async (t) => {
  const hosts = ["--host", "ann@n1:2,n2:1", "--ssh-args", "-o 'A B'"];
  const { code, stdout, stderr, asked, left } = await overSsh(t, [...hosts, where]);
  t.equal(stderr, "");
  t.equal(code, 0);
  t.match(stdout, /^0@n1 0\/2 0\/2 shm\+tcp 6\n1@n1 .*\n2@n2 0\/1 1\/2 tcp 6\n$/);
  t.equal(asked.length, 2);
  for (const line of asked) {
    const [before, ...after] = line.split(AGENT_COMMAND);
    t.match(before, /BatchMode=yes .*ConnectTimeout=10 .*-o A B n[12] exec $/);
    t.same(after, [""]);
  }
  t.match(asked.find((line) => line.includes(" n1 ")) ?? "", / -l ann /);
  t.same(left, []);
});

void test("ssh: the words of the host that fails; the agents of the others leave", async (t) => {
  const { code, stdout, stderr, left } = await overSsh(t, ["--host", "n1:2,gone7:2", where]);
  t.equal(code, 125);
  t.equal(stdout, "");
  t.match(
    stderr,
    /^tsmpirun: cannot start the agent on gone7: sh: exit code 255 after \d\.\d s\n {2}no way to gone7\n$/,
  );
  t.same(left, []);
});

void test("ssh: words that are read only after ssh has ended are told, too", async (t) => {
  const { code, stderr, left } = await overSsh(t, ["--host", "late1:1", where]);
  t.equal(code, 125);
  t.match(stderr, /^tsmpirun: cannot start the agent on late1: sh: exit code 255 .*\n {2}no way to late1\n$/);
  t.same(left, []);
});

void test("ssh: hosts that have no agent in time are listed, with how far they came", async (t) => {
  const options = ["--start-timeout", "2", "--host", "n1:1,silent2:1"];
  const { code, stderr, left } = await overSsh(t, [...options, where]);
  t.equal(code, 125);
  t.match(
    stderr,
    /^tsmpirun: \d of 2 hosts had no agent at the --start-timeout of 2 s; job aborted, exit code 125$/m,
  );
  t.match(stderr, /^ {2}silent2: ssh has not led to an agent$/m);
  t.same(left, []);
});

void test("ssh: paths of node and of tsmpi on other hosts", async (t) => {
  const wrong = await overSsh(t, ["--host", "n1:1,n2:1", "--node", "/no/such node", where]);
  t.equal(wrong.code, 125);
  t.match(wrong.stderr, /cannot start the agent on n[12]: .*\/no\/such node: not found/s);
  t.match(wrong.asked[0], /exec '\/no\/such node' /);
  const prefix = await overSsh(t, ["--host", "n1:1,n2:1", "--remote-prefix", "/no/tsmpi", where]);
  t.equal(prefix.code, 125);
  t.match(prefix.stderr, /Cannot find module '\/no\/tsmpi\/dist\/launcher\/agent\.js'/);
  t.same([...wrong.left, ...prefix.left], []);
});

void test("ssh: a client that is not there, and an interface that is not", async (t) => {
  const none = await tsmpirun(["--ssh", "/no/ssh", "--host", "n1:1", where]);
  t.equal(none.code, 125);
  t.match(none.stderr, /cannot start the agent on n1: .*ENOENT/);
  const iface = await overSsh(t, ["--host", "n1:1,n2:1", "--iface", "10.99.0.0/16", where]);
  t.equal(iface.code, 125);
  t.match(
    iface.stderr,
    /--iface 10\.99\.0\.0\/16: this host has no such interface; it has lo \(127\.0\.0\.1\)/,
  );
  t.same([...none.left, ...iface.left], []);
});

void test("a folder that another host does not have is named", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-hosts-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { code, stderr } = await tsmpirun(["--launcher", "fork", "-f", "-", where], {
    input: "a slots=1\nb slots=1 workdir=/no/such/folder\n",
    cwd: folder,
  });
  t.equal(code, 125);
  t.match(stderr, /tsmpirun: b: no folder \/no\/such\/folder there; use --wdir/);
  const anywhere = await tsmpirun(
    ["--launcher", "fork", "--wdir-fallback", "-f", "-", "-e", "console.log(process.cwd())"],
    { input: "a slots=1\nb slots=1 workdir=/no/such/folder\n", cwd: folder },
  );
  t.same(anywhere.stdout.trim().split("\n").sort(), [folder, homedir()].sort());
  t.match(anywhere, { code: 0, stderr: /b has no folder \/no\/such\/folder; its ranks run in/ });
});

void test("ssh: variables that go to other hosts, names that other launchers use, how the start goes on", async (t) => {
  const names = ["RANK", "WORLD_SIZE", "LOCAL_RANK", "OMPI_COMM_WORLD_SIZE", "TOLD", "KEPT"];
  const hosts = ["--host", "n1:2,n2:1"];
  // What plays ssh passes all of its own variables on; a name that is not passed on stays that of the agent's host.
  const env = { TOLD: "here", KEPT: "here", LOCAL_RANK: "mine" };
  const options = ["--export", "none", "-x", "TOLD=x", "--compat-env", "--progress", "--name", "trial"];
  const { code, stdout, stderr, left } = await overSsh(
    t,
    [...options, "-v", ...hosts, program("variables.ts"), ...names],
    { env },
  );
  t.equal(code, 0, stderr);
  t.same(stdout.trim().split("\n"), ["0: 0 3 mine 3 x here", "1: 1 3 mine 3 x here", "2: 2 3 mine 3 x here"]);
  t.match(stderr, /^tsmpirun: 2 of 2 hosts, 0 of 3 ranks$/m);
  t.match(stderr, /^tsmpirun: 2 of 2 hosts, 3 of 3 ranks$/m);
  t.match(stderr, /^tsmpirun: job trial\.[0-9a-f]{8}\.\d+, 3 ranks/m);
  t.same(left, []);
});
