/**
 * Times how long it takes until ranks on several hosts have met, and until the job is over, of tsmpirun and of Open MPI's
 * mpirun that starts mpi4py, in turn; then tsmpirun's phases. As root, with python3-mpi4py and openmpi-bin:
 *
 *     node dist/test/hosts/start-up.js [ranks = 64] [hosts = 4] [rounds = 5]
 *
 * The hosts are namespaces of this machine, which share its cores: compare the columns, not the seconds with those
 * of a cluster.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outcomeOf } from "../mpirun.js";
import { cannotMakeHosts, type Hosts, makeHosts } from "./namespaces.js";

const CLI = fileURLToPath(new URL("../../launcher/tsmpirun.js", import.meta.url));
const program = (name: string): string =>
  fileURLToPath(new URL(`../../../test/hosts/programs/${name}`, import.meta.url));
const [ranks = 64, count = 4, rounds = 5] = process.argv.slice(2).map(Number);

const why = cannotMakeHosts();
if (why !== undefined) throw new Error(why);
const folder = mkdtempSync(join(tmpdir(), "tsmpi-start-up-"));
const hosts = await makeHosts(count);
try {
  await compare(hosts);
} finally {
  await hosts.down();
  rmSync(folder, { recursive: true });
}

async function compare({ names, sshConfig }: Hosts): Promise<void> {
  const slots = names.map((name) => `${name}:${Math.ceil(ranks / count)}`).join(",");
  const log = join(folder, "log");
  const sides: Readonly<Record<string, readonly string[]>> = {
    tsmpirun: [
      ...[process.execPath, CLI, "--ssh-args", `-F ${sshConfig}`, "--host", slots, "-n", `${ranks}`],
      ...["--log-json", log, program("ready.ts")],
    ],
    "mpirun mpi4py": [
      ...["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"],
      ...["--mca", "plm_rsh_args", `-F ${sshConfig}`, "--mca", "mpi_yield_when_idle", "1"],
      ...["--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0"],
      ...["--host", slots, "-n", `${ranks}`, "/usr/bin/python3", program("ready.py")],
    ],
  };
  const times = new Map(
    Object.keys(sides).map((name) => [name, { ready: [] as number[], ended: [] as number[] }]),
  );
  const phases: Record<string, number>[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(sides)) {
      const { ready, ended } = await timeOf(hosts, command);
      times.get(name)?.ready.push(ready);
      times.get(name)?.ended.push(ended);
      if (name === "tsmpirun") phases.push(phasesOf(log));
    }
  }
  console.log(
    `${ranks} ranks on ${count} hosts, median of ${rounds} rounds, ms from the start of the command`,
  );
  for (const [name, { ready, ended }] of times)
    console.log(`${name.padEnd(14)} all ranks have met ${median(ready)}, over ${median(ended)}`);
  const steps = Object.keys(phases[0]);
  console.log(
    `tsmpirun: ${steps.map((name) => `${name} ${median(phases.map((all) => all[name]))}`).join(", ")}`,
  );
}

async function timeOf(hosts: Hosts, command: readonly string[]): Promise<{ ready: number; ended: number }> {
  const begun = performance.timeOrigin + performance.now();
  const child = hosts.start(command, {
    ...process.env,
    NODE_EXTRA_CA_CERTS: undefined, // costs each node on the launcher's host 30 ms
    OMPI_ALLOW_RUN_AS_ROOT: "1",
    XDG_RUNTIME_DIR: folder,
  });
  const { code, stdout, stderr } = await outcomeOf(child);
  const [, time] = /^ready ([\d.]+)$/m.exec(stdout) ?? [];
  if (code !== 0 || time === undefined)
    throw new Error(`${command.join(" ")}: exit code ${code}\n${stdout}${stderr}`);
  return { ready: Number(time) - begun, ended: performance.timeOrigin + performance.now() - begun };
}

/** The last event of the log. */
function phasesOf(log: string): Record<string, number> {
  const parse: (line: string) => Record<string, unknown> = JSON.parse;
  const fields = parse(readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "{}");
  const times = Object.entries(fields).filter(([name]) => /^[a-z]+Ms$/.test(name));
  return Object.fromEntries(times.map(([name, ms]) => [name.slice(0, -2), Number(ms)]));
}

function median(values: readonly number[]): string {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)].toFixed(0);
}
