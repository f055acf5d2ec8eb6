import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { findGrant, parseMcpuHosts, parseRepeated } from "../../launcher/resource-manager.js";
import { unconstrained } from "../../launcher/srun-agents.js";
import { AGENT_COMMAND, PLAYED_SSH, program, tsmpirun } from "./tsmpirun.js";

type Variables = Readonly<Record<string, string>>;

/** Manager, then host and slots: `slurm n1:2 n2:1`. */
function brief(variables: Variables, wanted: Parameters<typeof findGrant>[0] = "auto"): string | undefined {
  const grant = findGrant(wanted, variables);
  return grant && [grant.manager, ...grant.entries.map(({ name, slots }) => `${name}:${slots}`)].join(" ");
}

const slurm = { SLURM_JOB_ID: "7", SLURM_JOB_NODELIST: "node[01-03],big7" };

void test("Slurm: hosts from the list of nodes, slots from tasks, or from CPUs divided among tasks", async (t) => {
  t.equal(brief({ ...slurm, SLURM_TASKS_PER_NODE: "2(x2),1,4" }), "slurm node01:2 node02:2 node03:1 big7:4");
  const cpus = { ...slurm, SLURM_JOB_CPUS_PER_NODE: "8(x3),16", SLURM_CPUS_PER_TASK: "4" };
  t.equal(brief(cpus), "slurm node01:2 node02:2 node03:2 big7:4");
  t.match(findGrant("auto", cpus), { cpusPerRank: 4, cpus: [8, 8, 8, 16] });
  t.equal(brief({ ...cpus, SLURM_TASKS_PER_NODE: "1" }), brief(cpus), "tasks of a step inside say nothing");
  t.throws(() => brief(slurm), { message: /SLURM_TASKS_PER_NODE=undefined does not fit the 4 hosts/ });
  t.same(parseRepeated("2(x3),1"), [2, 2, 2, 1]);
  t.equal(parseRepeated("2(x"), undefined);
});

void test("srun for agents is told nothing of the tasks of the job around", async (t) => {
  const kept = { PATH: "/bin", SLURM_JOB_ID: "7", SLURM_JOBID: "7", SLURM_CONF: "/etc/slurm.conf" };
  const gone = {
    SLURM_NTASKS: "5",
    SLURM_TASKS_PER_NODE: "2",
    SLURM_STEP_ID: "0",
    SLURM_CPU_BIND: "x",
    SRUN_CPUS_PER_TASK: "2",
  };
  t.same(unconstrained({ ...kept, ...gone }), kept);
});

void test("PBS, LSF and SGE: hosts and slots from their files", async (t) => {
  const folder = t.testdir();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const nodes = file("nodes", "n1\nn1\nn2\nn1\n\n");
  t.equal(brief({ PBS_JOBID: "1.server", PBS_NODEFILE: nodes }), "pbs n1:3 n2:1");
  t.equal(brief({ LSB_JOBID: "1", LSB_DJOB_HOSTFILE: nodes }), "lsf n1:3 n2:1");
  t.equal(brief({ LSB_JOBID: "1", LSB_MCPU_HOSTS: "h1 4 h2 2" }), "lsf h1:4 h2:2");
  const queues =
    "n1.cluster 4 all.q@n1 UNDEFINED\nn1.cluster 2 big.q@n1 UNDEFINED\nn2.cluster 1 all.q@n2 0,1\n";
  t.equal(brief({ PE_HOSTFILE: file("pe", queues) }), "sge n1.cluster:6 n2.cluster:1");
  t.same(parseMcpuHosts(""), []);
});

void test("--rm chooses; what makes no sense is an error that says how to do without", async (t) => {
  const both = { ...slurm, SLURM_TASKS_PER_NODE: "1(x4)", LSB_JOBID: "1", LSB_MCPU_HOSTS: "h1 4" };
  t.match(brief(both), /^slurm /);
  t.equal(brief(both, "lsf"), "lsf h1:4");
  t.equal(brief(both, "none"), undefined);
  t.equal(brief({}), undefined);
  t.throws(() => brief({}, "pbs"), { message: /--rm pbs: PBS_NODEFILE is not set/, exitCode: 2 });
  t.throws(() => brief({ PBS_NODEFILE: "/no/file" }), { message: /PBS_NODEFILE: cannot be read.*--rm none/ });
  t.throws(() => brief({ LSB_JOBID: "1" }), { message: /LSB_MCPU_HOSTS: it lists no host/ });
  t.throws(() => brief({ LSB_JOBID: "1", LSB_MCPU_HOSTS: "h1 4 h2" }), {
    message: /h2 has no number of slots/,
  });
});

/** Names that are this host's, although it does not know: there is a way to them. */
const [FIRST, SECOND] = ["127.0.0.2", "127.0.0.3"];

/** Plays a command of a resource manager: says what it was asked, and runs it here. */
const PLAYED = `#!/bin/sh
echo "\${0##*/} $*" >>"$ASKED"
[ "$1" = -inherit ] && shift
shift
exec sh -c "$*"
`;

for (const [manager, command, variables] of [
  ["lsf", "blaunch", { LSB_JOBID: "1", LSB_MCPU_HOSTS: `${FIRST} 2 ${SECOND} 1` }],
  ["sge", "qrsh -inherit", { PE_HOSTFILE: "pe" }],
  ["pbs", "ssh", { PBS_NODEFILE: "nodes" }],
] as const)
  void test(`${manager}: agents are started by ${command} on the hosts of the job`, async (t) => {
    const folder = t.testdir({
      pe: `${FIRST} 2 all.q UNDEFINED\n${SECOND} 1 all.q UNDEFINED\n`,
      nodes: `${FIRST}\n${FIRST}\n${SECOND}\n`,
    });
    const [name] = command.split(" ");
    // What plays ssh understands its options.
    const played = name === "ssh" ? `#!/bin/sh\nexec ${PLAYED_SSH} "$@"\n` : PLAYED;
    writeFileSync(join(folder, name), played, { mode: 0o755 });
    const asked = join(folder, "asked");
    const env = { ...variables, PATH: `${folder}:${process.env["PATH"]}`, ASKED: asked, SSH_LOG: asked };
    const { code, stdout, stderr, left } = await tsmpirun([program("where.ts")], { env, cwd: folder });
    t.equal(stderr, "");
    t.equal(code, 0);
    t.same(stdout.trim().split("\n"), [
      `0@${FIRST} 0/2 0/2 shm+tcp 6`,
      `1@${FIRST} 1/2 0/2 shm+tcp 6`,
      `2@${SECOND} 0/1 1/2 tcp 6`,
    ]);
    const lines = readFileSync(asked, "utf8").trim().split("\n").sort();
    t.equal(lines.length, 2);
    if (name !== "ssh")
      for (const [i, line] of lines.entries())
        t.equal(line, `${command} ${[FIRST, SECOND][i]} exec ${AGENT_COMMAND}`);
    t.same(left, []);
  });
