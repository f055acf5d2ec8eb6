import type { Knobs } from "../src/knobs.js";
import { checkHosts, tableOf } from "./check-hosts.js";
import { checkNetwork } from "./check-network.js";
import { parseCommand } from "./command-line.js";
import { diagnose } from "./diagnose.js";
import { exitCodes } from "./errors.js";
import { hostFacts } from "./host-facts.js";
import { findHosts } from "./hosts.js";
import { hostKnobs } from "./host-options.js";
import type { HostEntry } from "./hostfile.js";
import { howToLaunch, readLauncher } from "./launching.js";
import { networkKnobs, type NetworkOptions, readNetwork } from "./network-options.js";
import { RemoteAgents } from "./remote-agents.js";
import { findGrant } from "./resource-manager.js";
import { settle, valuesOf } from "./settings.js";

const inspectKnobs = {
  ...hostKnobs,
  ...networkKnobs,
  check: { commandLineOnly: true, help: "asks each host" },
} as const satisfies Knobs;

/**
 * `tsmpirun hosts`: lists hosts and slots; with --check asks each host, and shows a table.
 *
 * @returns The exit code: 125 if a host does not answer.
 */
export async function listHosts(argv: readonly string[]): Promise<number> {
  const { hosts, remotes, check } = read(argv);
  if (!check) {
    for (const { name, slots, origin } of hosts)
      print(`${name}: ${slots ?? "as many slots as cores"} (${origin})`);
    return 0;
  }
  try {
    const checks = await checkHosts(hosts, remotes);
    print(tableOf(checks));
    return checks.some(({ answer }) => "failure" in answer) ? exitCodes.launcher : 0;
  } finally {
    remotes.release();
  }
}

/**
 * `tsmpirun doctor`: says what is wrong, or may be, on this host and on all that are named, before a job does.
 *
 * @returns The exit code: 125 if something would stop a job.
 */
export async function diagnoseHosts(argv: readonly string[]): Promise<number> {
  const { hosts, remotes, network } = read(argv);
  const own = hostFacts();
  try {
    let worst = 0;
    const checks = await checkHosts(hosts, remotes);
    const there = checks.filter(({ answer }) => !("failure" in answer)).map(({ host }) => host);
    const alone = there.length === 1 && remotes.isPlayedHere(there[0]);
    const complaints = alone ? new Map<string, string[]>() : await checkNetwork(there, remotes, network);
    for (const check of checks) {
      print(`${check.host.name}:`);
      for (const { level, text } of diagnose(check, own, complaints.get(check.host.name))) {
        print(`  ${level === "ok" ? "     ok" : level.padStart(7)}  ${text}`);
        if (level === "error") worst = exitCodes.launcher;
      }
    }
    return worst;
  } finally {
    remotes.release();
  }
}

function read(argv: readonly string[]): {
  hosts: HostEntry[];
  remotes: RemoteAgents;
  network: NetworkOptions;
  check: boolean;
} {
  const { flags: given, words } = parseCommand(inspectKnobs, argv);
  const flags = valuesOf(settle(given), inspectKnobs);
  const grant = findGrant("auto", process.env);
  const hostfile = words.at(0) ?? flags.hostfile;
  const choice = { hosts: flags.host ?? [], hostfile, exclude: [], nolocal: false };
  const how = {
    launcher: readLauncher(flags.launcher),
    ssh: flags.ssh,
    sshArgs: flags["ssh-args"] ?? "",
    node: flags.node,
    remotePrefix: flags["remote-prefix"],
    heartbeatMs: HEARTBEAT_MS,
    sshConcurrency: CONCURRENCY,
    treeSpawn: CONCURRENCY,
  };
  const remotes = new RemoteAgents(howToLaunch(how, grant?.manager));
  return {
    hosts: findHosts(choice, grant?.entries),
    remotes,
    network: readNetwork(flags),
    check: given["check"] === true,
  };
}

const HEARTBEAT_MS = 10_000;
const CONCURRENCY = 64;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
