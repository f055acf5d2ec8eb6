/**
 * Something about tsmpi that a user can set. Its name is that of an option of tsmpirun (`--kill-grace 3`), of a key of
 * `--set` and of configuration files (`"kill-grace": 3`), and of a variable (`TSMPI_KILL_GRACE=3`).
 */
export interface Knob {
  /** A line of the help; "": it is accepted and does nothing. */
  readonly help: string;
  /** What its value is called there; absent: it is on or off. */
  readonly value?: string;
  /** The value may be left out. */
  readonly bare?: true;
  /** It may be given several times, and each time adds. */
  readonly many?: true;
  /** What holds if nobody sets it; absent: off, or nothing. */
  readonly default?: string;
  readonly short?: string;
  /** Further options that mean the same, as other launchers spell them, and further variables. */
  readonly aliases?: readonly string[];
  readonly variables?: readonly string[];
  /** A command line has it, but no variable and no file. */
  readonly commandLineOnly?: true;
}

export type Knobs = Readonly<Record<string, Knob>>;

/** What ranks read themselves, from their variables; tsmpirun hands them what was set otherwise. */
export const rankKnobs = {
  check: {
    help: "ranks compare every collective before they begin it, sends wait for their receives, and requests take down where they were called: finds mistakes, slowly",
  },
  strict: { help: "an error instead of a warning; a rank that ends with something forgotten fails" },
  "compat-env": { help: "ranks also have the variables OMPI_COMM_WORLD_RANK, _SIZE and so on" },
  coll: {
    value: "NAME=ALGORITHM",
    many: true,
    help: "how collectives are done, over messages: allreduce=ring,bcast=chain; see --help collectives",
  },
  "coll-rules": { value: "FILE", help: "the same by bytes and ranks" },
  blas: { value: "PATH", help: "library for matrix products instead of the one that is found; 0: none" },
  fftw: { value: "PATH", help: "library for Fourier transforms instead of the one that is found; 0: none" },
  "huge-pages": { default: "on", help: "a large heap asks the system for pages of 2 MiB" },
  "direct-copy": {
    default: "on",
    help: "large messages on a host go from process to process in one copy, not through shared memory",
  },
  "mpi-library": { value: "PATH", help: "on a real MPI: its library, instead of the one that is found" },
  "mpi-shm": { default: "on", help: "on a real MPI: ranks of one host talk through tsmpi's shared memory" },
} as const satisfies Knobs;

/** The variable of a knob. Local, pure. */
export function variableOf(name: string): string {
  return `TSMPI_${name.replaceAll("-", "_").toUpperCase()}`;
}

/** Whether a text means on or off; `undefined`: neither. Local, pure. */
export function isOn(text: string): boolean | undefined {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  return /^(0|false|no|off)$/i.test(text) ? false : undefined;
}
