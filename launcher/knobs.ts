import { type Knob, type Knobs, rankKnobs } from "../src/knobs.js";
import { debugKnobs } from "./debug-options.js";
import { endingKnobs } from "./ending-options.js";
import { hostKnobs } from "./host-options.js";
import { networkKnobs } from "./network-options.js";
import { outputKnobs } from "./output-options.js";
import { placementKnobs } from "./placement-options.js";
import { reportKnobs } from "./report-options.js";

/** What each program of a job has for itself. */
export const programKnobs = {
  np: {
    value: "N",
    short: "-n",
    aliases: ["-np"],
    default: "auto",
    help: "number of ranks, or auto: one for each slot",
  },
  env: {
    value: "NAME[=VALUE]",
    many: true,
    short: "-x",
    help: "pass an environment variable on; also 'PRE*'",
  },
  wdir: { value: "FOLDER", default: "here", help: "working directory of the ranks" },
  eval: {
    value: "CODE",
    short: "-e",
    commandLineOnly: true,
    help: "run this TypeScript instead of a script; all words after it are its arguments",
  },
  exec: {
    commandLineOnly: true,
    help: "what follows is any program, not a script; see --help programs",
  },
} as const satisfies Knobs;

/** What belongs to the job as a whole, and to no other table. */
export const jobKnobs = {
  app: { value: "FILE", commandLineOnly: true, help: "several programs; see --help programs" },
  set: {
    value: "KEY=VALUE",
    many: true,
    commandLineOnly: true,
    help: "any option by its name; see --help configuration",
  },
  preload: {
    value: "LIST",
    many: true,
    help: "files that go to every host, a.json,b.bin; ranks find them in the folder TSMPI_FILES",
  },
  "wdir-fallback": {
    help: "ranks of a host that has no such folder run in that of --preload, or the user's home",
  },
  transport: {
    value: "NAME",
    default: "auto",
    help: "how messages travel: auto, shm, tcp, zmq; see --help transport",
  },
  encrypt: { default: "on", help: "encryption between ranks that talk over a network" },
  engine: {
    value: "NAME",
    default: "tsmpi",
    help: "mpi lets the mpirun of a real MPI start the ranks; see --help mpi",
  },
  mpirun: { value: "PATH", help: "which mpirun; otherwise the first one found" },
  export: {
    value: "all|none|LIST",
    default: "all",
    help: "which other variables go to other hosts; see --help environment",
  },
  oversubscribe: { default: "auto", help: "more ranks than slots: allow without a warning, or refuse" },
  name: { value: "NAME", help: "begins the id of the job" },
  progress: { help: "how many hosts and ranks are there, while a job starts" },
  verbose: { short: "-v", help: "where ranks run, and when each phase was over" },
  quiet: { short: "-q", help: "no warnings" },
  help: {
    value: "TOPIC",
    bare: true,
    short: "-h",
    commandLineOnly: true,
    help: "this, or one of the topics",
  },
  version: { short: "-V", commandLineOnly: true, help: "which tsmpi this is" },
  "allow-run-as-root": { commandLineOnly: true, help: "" },
} as const satisfies Knobs;

/** All that a user can set: options, variables, keys of files and their help come from here, and from nowhere else. */
export const knobs = {
  ...programKnobs,
  ...hostKnobs,
  ...placementKnobs,
  ...jobKnobs,
  ...networkKnobs,
  ...outputKnobs,
  ...endingKnobs,
  ...reportKnobs,
  ...debugKnobs,
  ...rankKnobs,
} as const satisfies Knobs;

type ValueOf<K extends Knob> = K extends { many: true }
  ? readonly string[]
  : K extends { value: string }
    ? K extends { bare: true }
      ? string | true
      : string
    : boolean;

/** What was set of a table. */
export type Flags<T extends Knobs> = { readonly [K in keyof T]?: ValueOf<T[K]> | undefined };
