import { outputOf } from "./command.js";
import { findMpi, install, type Mpi } from "./find-mpi.js";

export interface Python {
  readonly command: string;
  readonly versions: string;
  /** For the solver only. */
  readonly hasScipy: boolean;
  /** The MPI that mpi4py was built for. */
  readonly mpi: Mpi;
}

const NEEDED = ["mpi4py", "numpy"];
const PROBE = `
import importlib
for name in ["mpi4py", "numpy", "scipy"]:
    try: print(importlib.import_module(name).__version__)
    except ImportError: print()
try:
    import mpi4py; mpi4py.rc.initialize = False
    from mpi4py import MPI
    print(MPI.Get_library_version())
except ImportError: print()
`;

/** The first Python that has mpi4py and NumPy, or what to install. */
export function findPython(extra: readonly string[] = []): Python | string {
  const packages = "python3-mpi4py python3-numpy";
  let best: string | undefined;
  for (const command of ["python3", "/usr/bin/python3"]) {
    const [mpi4py, numpy, scipy, ...library] = outputOf(command, ["-c", PROBE])?.split("\n") ?? [];
    if (mpi4py === undefined) continue;
    const absent = NEEDED.filter((_, i) => ![mpi4py, numpy][i]);
    best = `mpi4py: ${command} has no ${absent.join(", ")}`;
    if (absent.length > 0) continue;
    const mpi = findMpi(/MPICH/.test(library.join("\n")) ? "mpich" : "openmpi", extra);
    if (typeof mpi === "string") return mpi;
    const versions = `mpi4py ${mpi4py}, numpy ${numpy}${scipy ? `, scipy ${scipy}` : ""}`;
    return { command, versions, hasScipy: scipy !== "", mpi };
  }
  return `${best ?? "mpi4py: no python3"}; ${install(packages)}`;
}
