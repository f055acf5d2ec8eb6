import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Several small hosts on this machine: each a network namespace with an address, a loopback and an ssh server of its own.
 * They are joined by a bridge in yet another namespace, so that no packet of theirs can reach any real network, and the
 * network of this machine is left as it is. Every host is a process namespace as well, whose first process ends when this
 * process does: with it goes everything that runs there.
 */
export interface Hosts {
  readonly names: readonly string[];
  readonly addressOf: (name: string) => string;
  /** The ssh client's configuration, by which it finds the hosts. */
  readonly sshConfig: string;
  /** Starts a program on a host, by default the first one, in which the launcher belongs. */
  start(command: readonly string[], env: NodeJS.ProcessEnv, name?: string): ChildProcess;
  /** Command lines of what runs on a host, without its ssh server. */
  running(name: string): string[];
  /** Ids of what runs on a host, as this machine has them. */
  pids(name: string): number[];
  /** SIGKILL for what runs on a host with this word on its command line. */
  kill(name: string, word: string): void;
  /** Runs a shell command on a host, to its end. */
  command(name: string, text: string): string;
  /** Takes a host off the network without a word to anyone, and puts it back. */
  cut(name: string): void;
  heal(name: string): void;
  /** Ends everything on a host at once, its ssh server and its connections too. */
  powerOff(name: string): void;
  /** What two hosts send each other is lost; they reach all others. */
  part(name: string, other: string): void;
  rejoin(name: string, other: string): void;
  /** A host's firewall drops what asks for a connection from another one; what that has asked for itself goes on. */
  deafen(name: string, other: string): void;
  undeafen(name: string): void;
  /** Limits what a host sends and is sent, in bits per second as tc writes them: `256kbit`. */
  shape(name: string, rate: string): void;
  unshape(name: string): void;
  /** Ends everything on the hosts. */
  down(): Promise<void>;
}

const TOOLS = ["ip", "unshare", "nsenter", "sshd", "ssh", "ssh-keygen"];
const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;
const NETWORK = "10.78.0";

/** Why hosts cannot be made here; `undefined` if they can. */
export function cannotMakeHosts(): string | undefined {
  if (process.platform !== "linux") return "hosts need network namespaces, so Linux";
  if (process.getuid?.() !== 0) return "hosts need network namespaces, so root";
  const found = (tool: string) =>
    spawnSync("sh", ["-c", `command -v ${tool}`], { env: { ...process.env, PATH } }).status === 0;
  const missing = TOOLS.filter((tool) => !found(tool));
  if (missing.length > 0)
    return `not installed: ${missing.join(", ")} (Debian: iproute2, util-linux, openssh-server)`;
  const { status, stderr } = spawnSync("unshare", ["--net", "--mount", "--uts", "--pid", "--fork", "true"]);
  return status === 0 ? undefined : `no namespaces here: ${stderr.toString().trim()}`;
}

/** Sets up a host, whose own name means 127.0.1.1 to it, as on Debian; then serves ssh until its stdin ends. */
const INIT = `
mount -t proc proc /proc && mount -t tmpfs none /run && mkdir /run/sshd && mount -t tmpfs none /dev/shm
echo "$1" >/proc/sys/kernel/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n' "$1" >/run/hosts && mount --bind /run/hosts /etc/hosts
echo ready; read -r go
ip link set lo up
"$(command -v sshd)" -f "$2" && echo up
while read -r line; do :; done`;

/** Makes `count` hosts, `node1` … */
export async function makeHosts(count: number): Promise<Hosts> {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-hosts-"));
  const children: ChildProcess[] = [];
  const down = async (): Promise<void> => {
    for (const child of children) {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.stdin?.end();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return await make(folder, count, children, down);
  } catch (error) {
    await down();
    throw error;
  }
}

async function make(
  folder: string,
  count: number,
  children: ChildProcess[],
  down: () => Promise<void>,
): Promise<Hosts> {
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { env: { ...process.env, PATH }, encoding: "utf8" });
  const key = (name: string): string => {
    const path = join(folder, name);
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path);
    return path;
  };
  const [hostKey, userKey] = [key("host_key"), key("user_key")];
  const serverConfig = join(folder, "sshd_config");
  writeFileSync(
    serverConfig,
    `HostKey ${hostKey}\nAuthorizedKeysFile ${userKey}.pub\nPermitRootLogin prohibit-password\n` +
      "StrictModes no\nUsePAM no\nUseDNS no\nPidFile none\nMaxStartups 100\n",
  );
  const names = Array.from({ length: count }, (_, i) => `node${i + 1}`);
  const sshConfig = join(folder, "ssh_config");
  const entries = names.map((name, i) => `Host ${name}\n  HostName ${NETWORK}.${i + 1}\n`);
  writeFileSync(
    sshConfig,
    `${entries.join("")}Host *\n  User root\n  IdentityFile ${userKey}\n  IdentitiesOnly yes\n` +
      "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  GlobalKnownHostsFile /dev/null\n" +
      "  ProxyCommand none\n",
  );
  const spawnIn = (args: readonly string[]): ChildProcess => {
    const child = spawn("unshare", args, {
      env: { ...process.env, PATH },
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    return child;
  };
  const bridge = spawnIn(["--net", "sh", "-c", "echo ready; while read -r line; do :; done"]);
  await said(bridge, "ready");
  const inBridge = (...args: string[]) => run("nsenter", "-t", `${bridge.pid}`, "-n", "ip", ...args);
  inBridge("link", "add", "br0", "type", "bridge");
  inBridge("link", "set", "br0", "up");
  const hosts = new Map<string, ChildProcess>();
  for (const [i, name] of names.entries()) {
    const namespaces = ["--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "--kill-child"];
    const host = spawnIn([...namespaces, "sh", "-c", INIT, "host", name, serverConfig]);
    hosts.set(name, host);
    await said(host, "ready");
    const inHost = (...args: string[]) => run("nsenter", "-t", `${host.pid}`, "-n", "ip", ...args);
    inBridge("link", "add", `port${i}`, "type", "veth", "peer", "name", "eth0", "netns", `${host.pid}`);
    inBridge("link", "set", `port${i}`, "master", "br0", "up");
    inHost("address", "add", `${NETWORK}.${i + 1}/24`, "dev", "eth0");
    inHost("link", "set", "eth0", "up");
    host.stdin?.write("go\n");
    await said(host, "up");
  }
  /** The first process of a host, as seen from here. */
  const first = (name: string): string =>
    run("sh", "-c", `cat /proc/${hosts.get(name)?.pid}/task/*/children`)
      .trim()
      .split(" ")[0];
  const addressOf = (name: string): string => `${NETWORK}.${names.indexOf(name) + 1}`;
  const command = (name: string, text: string): string => run("nsenter", ...enter(name), "sh", "-c", text);
  const route = (what: "add" | "del", name: string, other: string): void => {
    command(name, `ip route ${what} blackhole ${addressOf(other)}`);
    command(other, `ip route ${what} blackhole ${addressOf(name)}`);
  };
  const queue = (what: "replace" | "del", name: string, limit: string): void => {
    const tc = (device: string) => `tc qdisc ${what} dev ${device} root ${limit}`;
    run("nsenter", "-t", `${bridge.pid}`, "-n", "sh", "-c", tc(port(name)));
    command(name, tc("eth0"));
  };
  const deafen = (name: string, other: string): void => {
    const filter = [
      "filter add dev eth0 ingress bpf direct-action bytecode",
      `'${dropOpening(addressOf(other))}'`,
    ];
    command(name, `tc qdisc add dev eth0 clsact && tc ${filter.join(" ")}`);
  };
  const port = (name: string): string => `port${names.indexOf(name)}`;
  const enter = (name: string) => ["-t", first(name), "-n", "-u", "-i", "-m", "-p"];
  return {
    names,
    addressOf,
    sshConfig,
    start: (command, env, name = names[0]) =>
      spawn("nsenter", [...enter(name), ...command], { env: { ...env, PATH }, stdio: "pipe" }),
    running(name) {
      if (hosts.get(name)?.signalCode !== null) return []; // powered off
      const list = 'for p in /proc/[0-9]*; do { tr "\\0" " " <$p/cmdline; } 2>/dev/null; echo; done';
      const lines = command(name, list).split("\n");
      return lines.filter((line) => /node|tsmpi/.test(line) && !/^sh -c|sshd/.test(line));
    },
    command,
    pids: (name) => pidsBeside(Number(first(name))),
    part: (name, other) => route("add", name, other),
    rejoin: (name, other) => route("del", name, other),
    cut: (name) => inBridge("link", "set", port(name), "down"),
    heal: (name) => inBridge("link", "set", port(name), "up"),
    powerOff: (name) => {
      inBridge("link", "set", port(name), "down"); // the dead send no word of their end
      hosts.get(name)?.kill("SIGKILL");
    },
    deafen,
    undeafen: (name) => void command(name, "tc qdisc del dev eth0 clsact"),
    shape: (name, rate) => queue("replace", name, `tbf rate ${rate} burst 8kb latency 400ms`),
    unshape: (name) => queue("del", name, ""),
    kill(name, word) {
      const each =
        'for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || { grep -qa "$1" $p/cmdline && kill -9 ${p#/proc/}; }; done';
      spawnSync("nsenter", [...enter(name), "sh", "-c", each, "kill", word]);
    },
    down,
  };
}

/** Processes in the same namespace of processes. */
function pidsBeside(other: number): number[] {
  const namespace = (pid: number): string => {
    try {
      return readlinkSync(`/proc/${pid}/ns/pid`);
    } catch {
      return ""; // it has just ended
    }
  };
  const own = namespace(other);
  const all = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return all.filter((pid) => own !== "" && namespace(pid) === own);
}

/** A filter, in the bytecode of BPF as tc reads it, that drops packets of an address which open a TCP connection. */
function dropOpening(source: string): string {
  const address = source.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
  const steps = [
    "40 0 0 12", // type of the frame
    "21 0 7 2048", // IPv4, or let it pass
    "32 0 0 26", // its source
    `21 0 5 ${address}`,
    "48 0 0 23", // its protocol
    "21 0 3 6", // TCP
    "48 0 0 47", // its flags
    "84 0 0 18", // SYN and ACK
    "21 1 0 2", // SYN alone
    "6 0 0 0", // let it pass
    "6 0 0 2", // drop it
  ];
  return `${steps.length},${steps.join(",")}`;
}

/** Waits until a host has said a word; fails if it ends before. */
async function said(child: ChildProcess, word: string): Promise<void> {
  const { stdout } = child;
  if (stdout === null) throw new Error("a host without output");
  for (let text = ""; !text.includes(word);) {
    const chunk = await Promise.race([once(stdout, "data"), once(child, "exit")]);
    if (child.exitCode !== null) throw new Error(`a host ended with code ${child.exitCode}: ${text}`);
    text += String(chunk[0]);
  }
}
