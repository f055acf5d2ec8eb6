import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { test } from "tap";
import ts from "typescript";

interface Room {
  /** Files and folders that may be imported, besides the room itself; a name that ends in / or is cut short is a prefix. */
  readonly values: readonly string[];
  /** The same, for imports of types only. */
  readonly types?: readonly string[];
  readonly packages?: readonly string[];
}

const PUBLIC: Room = { values: [], packages: ["tsmpi"] };

/** What may import what: downward only. The longest name that fits a file is its room. */
const ROOMS: Readonly<Record<string, Room>> = {
  "launcher/": {
    values: [
      "src/bytes.ts",
      "src/nearest.ts",
      "src/comm/wire/",
      "src/comm/transports/zmq",
      "src/topology/",
      "src/native.ts",
      "src/env.ts",
      "src/host-clock.ts",
      "src/shell-word.ts",
      "launcher/choices.ts",
      "src/knobs.ts",
      "src/thrown.ts",
    ],
    types: ["src/comm/boot.ts", "src/comm/rank-state.ts", "src/comm/recording.ts", "src/comm/trace.ts"],
    packages: ["commander", "esbuild", "koffi", "ws", "zeromq"],
  },
  "examples/": PUBLIC,
  "launcher/choices.ts": {
    values: ["launcher/", "src/comm/collectives/choices.ts", "src/knobs.ts", "src/thrown.ts"],
  },
  "launcher/info.ts": {
    values: [
      "launcher/",
      "src/native.ts",
      "src/env.ts",
      "src/comm/transports/mpi/find.ts",
      "src/kernels/",
      "src/thrown.ts",
    ],
    packages: ["koffi"],
  },
  "launcher/tsmpi.ts": { values: ["launcher/", "bench/main.ts"] }, // tsmpi bench
  "bench/": {
    values: ["bench/", "src/bytes.ts", "src/nearest.ts", "src/shell-word.ts", "src/thrown.ts"],
    packages: ["commander"],
  },
  "bench/programs/": PUBLIC, // they run as ranks
  "bench/plot.ts": { values: ["bench/", "src/bytes.ts", "src/plot/"], packages: ["d3-"] },
  "bench/kernels": { values: ["src/kernels/", "bench/"] }, // measure that room from inside
  "src/index.ts": { values: ["src/"] },
  "src/auto.ts": { values: ["src/comm/"] },
  "src/version.ts": { values: [] },
  "src/host-clock.ts": { values: [] },
  "src/shell-word.ts": { values: [] },
  "src/compat.ts": { values: ["src/compat/", "src/comm/"] },
  "src/compat/": { values: ["src/comm/", "src/options.ts"] },
  "src/solvers/": {
    values: ["src/array/dtype.ts", "src/ops/", "src/options.ts"],
    types: ["src/array/vector.ts"],
  },
  "src/ops/": { values: ["src/array/", "src/kernels/", "src/options.ts"], types: ["src/comm/types.ts"] },
  "src/io/": {
    values: ["src/array/", "src/options.ts", "src/thrown.ts"],
    types: ["src/comm/types.ts"],
    packages: ["fflate", "h5wasm", "zarrita"],
  },
  "src/plot/": {
    values: ["src/array/", "src/native.ts", "src/options.ts"],
    types: ["src/comm/types.ts"],
    packages: ["@resvg/resvg-wasm", "fast-png", "d3-"],
  },
  "src/array/": { values: ["src/kernels/", "src/options.ts"], types: ["src/comm/types.ts"] },
  "src/kernels/": { values: ["src/native.ts", "src/env.ts", "src/thrown.ts"], packages: ["koffi"] },
  "src/comm/": {
    values: [
      "src/kernels/combine.ts",
      "src/kernels/heap.ts",
      "src/topology/",
      "src/native.ts",
      "src/options.ts",
      "src/thrown.ts",
      "src/env.ts",
      "src/knobs.ts",
      "src/host-clock.ts",
    ],
    packages: ["flatbuffers", "koffi", "zeromq"],
  },
  "src/topology/": { values: [] },
  "src/thrown.ts": { values: [] },
  "src/native.ts": { values: ["src/env.ts", "src/thrown.ts"] },
  "src/options.ts": { values: ["src/nearest.ts"] },
  "src/nearest.ts": { values: [], packages: ["fastest-levenshtein"] },
  "src/bytes.ts": { values: [] },
  "src/env.ts": { values: ["src/knobs.ts"] },
  "src/knobs.ts": { values: [] },
};

const EXPORTS = [
  // the job, and its ranks
  ...["init", "World", "simulate", "SimOptions", "ANY_SOURCE", "ANY_TAG", "PROC_NULL", "TAG_UB"],
  ...[
    "Communicator",
    "Counts",
    "Into",
    "OpName",
    "RecvCounts",
    "RecvOptions",
    "ReduceOptions",
    "Reducible",
    "Reduction",
  ],
  ...["Request", "RootOptions", "SendOptions", "SendRecvOptions", "Statistics", "Status", "TypedArray"],
  ...[
    "UserOp",
    "Located",
    "CollectiveOptions",
    "StridedInto",
    "ReproducibleSum",
    "reduceLocal",
    "PersistentCollective",
    "waitAll",
    "waitAny",
    "waitSome",
    "Completed",
    "CollectiveMismatchError",
    "MpiError",
  ],
  ...["PeerLostError", "RemoteError", "TruncateError", "TypeMismatchError"],
  ...[
    "Group",
    "GroupComparison",
    "RankRange",
    "Comparison",
    "CounterOptions",
    "SplitNodeOptions",
    "Attribute",
    "AttributeOptions",
    "Lifetime",
    "attach",
    "CommunicatorHandle",
    "FromThread",
    "ThreadCommunicator",
    "Threads",
    "PackBuffer",
    "ChromeEvent",
    "Trace",
    "TraceEvent",
    "CombineOptions",
    "PlaceOptions",
    "Counter",
    "Lock",
    "Mutex",
  ],
  ...["computeDims", "CartCommunicator", "CartOptions", "GraphCommunicator", "GraphOptions"],
  ...[
    "NeighborCommunicator",
    "AccumulateOptions",
    "Element",
    "GetOptions",
    "TargetOptions",
    "Window",
    "WindowOp",
    "SharedArrayConstructor",
    "SharedWindow",
  ],
  // messages between two ranks
  ...["CallOptions", "CommunicatorOptions", "Selection", "ReceivedMessage", "Layout", "Strided"],
  ...["MatchedMessage", "Persistent", "RequestStateError", "RevokedError", "Revocation", "TimeoutError"],
  ...["testAll", "testAny", "testSome", "version", "startAll", "SendMode", "ComplexNumber", "Field"],
  ...["CallInfo", "Interception", "Interceptor", "requestScope", "RequestScope", "RequestScopeOptions"],
  ...["InitOptions", "Serializer", "SyncedTime"],
  // arrays
  ...["Complex", "DType", "Scalar", "Storage", "AnyVector", "NormOrder", "Space", "Vector", "BlockSpace"],
  ...[
    "BlockVector",
    "LocalArray",
    "Nested",
    "LocalSpace",
    "Distribution",
    "DistributionOptions",
    "DistributedArray",
  ],
  ...["StackedArray", "StackedSpace", "HaloPlan", "HaloOptions", "HaloWidths", "Redistribution"],
  ...["IndexRange", "Slice", "Halo", "HaloOperatorOptions"],
  // libraries of the machine
  ...["useLibraries", "LibraryOptions"],
  ...["BinaryName", "UnaryName", "ReductionOptions"],
  // operators
  ...[
    "LinearOperator",
    "OperatorSpaces",
    "FunctionOperator",
    "ProductFunctions",
    "MemoizeOperator",
    "Reshaped",
  ],
  ...["Conj", "Imag", "Real", "RealOptions", "toImag", "toReal", "dottest", "DotTestOptions", "todense"],
  ...["acrossRanks", "Batched", "Block", "BlockDiag", "HStack", "VStack", "Kronecker", "lift", "LiftOptions"],
  ...["AxisOptions", "CausalIntegration", "CausalIntegrationOptions", "Diagonal", "Direction"],
  ...[
    "FirstDirectionalDerivative",
    "SecondDirectionalDerivative",
    "FirstDerivative",
    "FirstDerivativeOptions",
  ],
  ...[
    "Flip",
    "Gradient",
    "GradientOptions",
    "Identity",
    "Laplacian",
    "LaplacianOptions",
    "MatrixMult",
    "Pad",
  ],
  ...["LinearRegression", "Regression", "Restriction", "Roll", "SecondDerivative", "SecondDerivativeOptions"],
  ...[
    "Spread",
    "SpreadOptions",
    "SpreadPosition",
    "Sum",
    "Symmetrize",
    "Transpose",
    "TransposeOptions",
    "Zero",
  ],
  ...[
    "fftshift",
    "ifftshift",
    "FFT",
    "Fft1DOptions",
    "FFT2D",
    "FFTND",
    "FftNDOptions",
    "FftNorm",
    "FftOptions",
  ],
  ...["BlockMatrixMult", "Summa", "Fredholm1", "Fredholm1Options", "Shift", "ShiftOptions"],
  ...["Bilinear", "Convolve1D", "Convolve1DOptions", "Interp", "InterpOptions", "NonStationaryConvolve1D"],
  ...[
    "PoststackLinearModelling",
    "PoststackOptions",
    "Radon2D",
    "Radon3D",
    "RadonOptions",
    "RegularAxis",
    "ricker",
  ],
  ...["NonStationaryConvolveND", "NonStationaryConvolve2D", "NonStationaryConvolve3D"],
  ...["NonStationaryConvolveNDOptions", "NonStationaryFilters", "NonStationaryFilters1D"],
  ...["NonStationaryFilters2D", "NonStationaryFiltersOptions", "FourierRadon", "FourierRadon2D"],
  ...[
    "ChirpRadon2D",
    "ChirpRadon3D",
    "ChirpRadonOptions",
    "FourierRadon3D",
    "FourierRadonOptions",
    "Sliding3D",
    "Patch3D",
  ],
  ...["Sliding", "Sliding1D", "Sliding2D", "Patch2D", "SlidingOptions", "Smoothing1D", "Smoothing2D"],
  ...[
    "ConvolveND",
    "Convolve2D",
    "ConvolveNDOptions",
    "DCT",
    "DctOptions",
    "FilterPair",
    "waveletFilters",
    "DWT",
    "DWT2D",
    "DWTND",
    "WaveletOptions",
  ],
  ...["Seislet", "SeisletOptions", "gaussian", "klauder", "ormsby"],
  ...["columnsOf", "matmat", "estimateTrace", "TraceOptions", "zeroPhaseBoxcar", "tosparse", "SparseMatrix"],
  // solvers
  ...["cg", "CgOptions", "CgResult", "cgls", "CglsOptions", "CglsResult", "CglsState", "SolverCallback"],
  ...["SolverOptions", "SolverState", "SolverStatus", "SolverVerdict", "divide", "DivideOptions"],
  ...["cond", "eigs", "eigsh", "EigsOptions", "EigsResult", "svds", "SvdsResult"],
  // files and pictures
  ...[
    "decodeNpy",
    "readNpy",
    "readNpyBlock",
    "writeNpy",
    "readNpz",
    "readNpzBlock",
    "plotCurve",
    "plotPanels",
    "Curve",
  ],
  ...["Figure", "Panel", "Quantity", "SectionPanel"],
  ...["readRawBlock", "writeRaw", "RawOptions", "RawType", "readZarrBlock", "writeZarr", "ZarrCodec"],
  ...[
    "ZarrOptions",
    "Hdf5Options",
    "NpyOptions",
    "readHdf5Block",
    "writeHdf5",
    "readSegyBlock",
    "readSegyHeader",
    "readSegyInfo",
    "writeSegy",
  ],
  ...["SegyOptions", "SegyFormat", "SegyInfo", "TraceField"],
  ...["plotArray", "plotBlocks", "plotDistribution", "ArrayPlotOptions", "OwnersPanel", "OwnedBlock"],
];

const root = fileURLToPath(new URL("../../", import.meta.url));

test("imports run downward", async (t) => {
  const files = ["src", "launcher", "bench", "examples"].flatMap((folder) => list(folder, ".ts"));
  t.ok(files.length > 100, `finds the sources: ${files.length} files`);
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((link) => !allowed(file, link))
      .map(({ to, types }) => `${file} imports ${types ? "types of " : ""}${to}`),
  );
  t.strictSame(upward, []);
});

test("every room of the table exists", async (t) => {
  const files = ["src", "launcher", "bench", "examples"].flatMap((folder) => list(folder, ".ts"));
  t.strictSame([...new Set(files.map(roomOf))].sort(), Object.keys(ROOMS).sort());
});

test("the public API has the names of this list, and no others", async (t) => {
  const names: string[] = [];
  for (const statement of parse("src/index.ts").statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) continue;
    if (!ts.isNamedExports(statement.exportClause)) throw new Error("src/index.ts: export names one by one");
    names.push(...statement.exportClause.elements.map(({ name }) => name.text));
  }
  t.strictSame(names.sort(), [...EXPORTS].sort());
});

const declarations = list("dist/src", ".d.ts"); // written by the build, not by scripts/transpile.mjs
const skip = declarations.length === 0 && "needs npm run build";

test("no public declaration has the type any", { skip }, async (t) => {
  const found: string[] = [];
  for (const file of declarations) {
    visit(parse(file), (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword && !/generated/.test(file)) found.push(file);
    });
  }
  t.strictSame(found, []);
});

/** An import, by path from the root of the project, or by name of a package. */
interface Link {
  readonly to: string;
  readonly types: boolean;
}

function allowed(file: string, { to, types }: Link): boolean {
  if (to.startsWith("node:")) return true;
  const room = roomOf(file);
  const { values, types: typesOnly = [], packages = [] } = ROOMS[room];
  if (!/^(src|launcher|bench|examples|test)\//.test(to)) return packages.some((name) => to.startsWith(name));
  if (room.endsWith("/") && roomOf(to) === room) return true;
  return [...values, ...(types ? typesOnly : [])].some((prefix) => to.startsWith(prefix));
}

function roomOf(file: string): string {
  const fits = Object.keys(ROOMS).filter((room) => file.startsWith(room));
  const [longest] = fits.sort((a, b) => b.length - a.length);
  if (longest === undefined) throw new Error(`${file} is in no room; add its folder to the table`);
  return longest;
}

function importsOf(file: string): Link[] {
  const links: Link[] = [];
  const add = (specifier: ts.Node, types: boolean) => {
    if (!ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const to = text.startsWith(".") ? normalize(join(dirname(file), text)).replace(/\.js$/, ".ts") : text;
    links.push({ to, types });
  };
  visit(parse(file), (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isOfTypes(node.importClause));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
  });
  return links;
}

/** `import type { … }`, and `import { type … }` with nothing else. */
function isOfTypes(clause: ts.ImportClause | undefined): boolean {
  if (!clause || clause.isTypeOnly) return clause !== undefined;
  const { namedBindings, name } = clause;
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.every(({ isTypeOnly }) => isTypeOnly);
}

function visit(node: ts.Node, action: (node: ts.Node) => void): void {
  action(node);
  ts.forEachChild(node, (child) => visit(child, action));
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.ES2022);
}

function list(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(extension) && !name.startsWith("src/kernels/assembly/"));
}
