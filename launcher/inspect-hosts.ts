import { Command, Option } from "commander";
import { checkHosts, tableOf } from "./check-hosts.js";
import { checkNetwork } from "./check-network.js";
import { parseCommand } from "./command-line.js";
import { diagnose } from "./diagnose.js";
import { environment } from "./environment.js";
import { exitCodes } from "./errors.js";
import { hostFacts } from "./host-facts.js";
import { findHosts } from "./hosts.js";
import type { HostEntry } from "./hostfile.js";
import { howToLaunch, launchers } from "./launching.js";
import { defineNetwork, type NetworkFlags, type NetworkOptions, readNetwork } from "./network-options.js";
import { RemoteAgents } from "./remote-agents.js";
import { findGrant } from "./resource-manager.js";

interface Flags extends NetworkFlags {
  check?: boolean;
  host?: string[];
  hostfile?: string;
  launcher?: (typeof launchers)[number];
  ssh?: string;
  sshArgs?: string;
  node?: string;
  remotePrefix?: string;
}

/**
 * `tsmpirun hosts`: lists hosts and slots; with --check asks each host, and shows a table.
 *
 * @returns The exit code: 125 if a host does not answer.
 */
export async function listHosts(argv: readonly string[]): Promise<number> {
  const { hosts, remotes, flags } = read(argv);
  if (!flags.check) {
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
  flags: Flags;
} {
  const collect = (value: string, earlier: string[] = []): string[] => [...earlier, value];
  const command = new Command("tsmpirun")
    .argument("[file]")
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addOption(new Option("--check"))
    .addOption(new Option("-H, --host <hosts>").argParser(collect))
    .addOption(new Option("-f, --hostfile <file>"))
    .addOption(new Option("--launcher <name>").choices(launchers))
    .addOption(new Option("--ssh <command>"))
    .addOption(new Option("--ssh-args <arguments>"))
    .addOption(new Option("--node <path>"))
    .addOption(new Option("--remote-prefix <folder>"));
  const { flags, words } = parseCommand<Flags>(defineNetwork(command), argv, {
    "--hosts": "--host",
    "--machinefile": "--hostfile",
  });
  const grant = findGrant("auto", process.env);
  const hostfile = words.at(0) ?? flags.hostfile ?? environment.hostfile;
  const choice = { hosts: flags.host ?? [], hostfile, exclude: [], nolocal: false };
  const { launcher, ssh, sshArgs = "", node, remotePrefix } = flags;
  const how = {
    launcher,
    ssh,
    sshArgs,
    node,
    remotePrefix,
    heartbeatMs: HEARTBEAT_MS,
    sshConcurrency: CONCURRENCY,
    treeSpawn: CONCURRENCY,
  };
  const remotes = new RemoteAgents(howToLaunch(how, grant?.manager));
  return { hosts: findHosts(choice, grant?.entries), remotes, network: readNetwork(flags), flags };
}

const HEARTBEAT_MS = 10_000;
const CONCURRENCY = 64;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
