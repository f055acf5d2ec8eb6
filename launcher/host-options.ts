import type { Knobs } from "../src/knobs.js";

/** Which hosts there are, and how one gets there. */
export const hostKnobs = {
  host: {
    value: "LIST",
    many: true,
    short: "-H",
    aliases: ["--hosts"],
    help: "hosts and their slots, a:4,b:2; repeats add",
  },
  hostfile: {
    value: "FILE",
    short: "-f",
    aliases: ["--machinefile"],
    help: "hosts, one a line; see --help hosts",
  },
  rm: {
    value: "NAME",
    default: "auto",
    help: "resource manager: auto, slurm, pbs, lsf, sge, none; see --help managers",
  },
  launcher: {
    value: "NAME",
    help: "how agents on other hosts start: ssh, srun, exec, manual, or fork: this host plays them",
  },
  ssh: { value: "CMD", default: "ssh", help: "the ssh client" },
  "ssh-args": { value: "ARGUMENTS", help: "more arguments for it" },
  "ssh-concurrency": {
    value: "N",
    default: "64",
    help: "hosts to which ssh is on its way at the same time",
  },
  "tree-spawn": {
    value: "N",
    default: "64",
    help: "start at most N agents from here; those start the rest, likewise",
  },
  node: { value: "PATH", default: "as here", help: "node on other hosts" },
  "remote-prefix": { value: "FOLDER", default: "as here", help: "tsmpi on other hosts" },
} as const satisfies Knobs;
