import type { Builder, Offset } from "flatbuffers";
import * as wire from "./generated/control_generated.js";
import type { ProgramStart, RankStart, Start, UserFile } from "./messages.js";
import { list, strings, transportOf } from "./values.js";

/** Writes what an agent is to run. Local. */
export function writeStart(b: Builder, start: Start): Offset {
  return wire.Start.createStart(
    b,
    b.createString(start.jobId),
    start.size,
    wire.Start.createRanksVector(
      b,
      start.ranks.map((rank) => writeRank(b, rank)),
    ),
    start.nodeRank,
    start.nodes,
    b.createString(start.host),
    start.attempt,
    b.createString(start.transport),
    wire.Start.createProgramsVector(
      b,
      start.programs.map((program) => writeProgram(b, program)),
    ),
    wire.Start.createHostsVector(b, [...start.hosts]),
    wire.Start.createFilesVector(
      b,
      start.files.map((file) =>
        wire.File.createFile(b, b.createString(file.name), b.createByteVector(file.bytes)),
      ),
    ),
  );
}

/** Reads what an agent is to run. Local. */
export function readStart(start: wire.Start): Start {
  return {
    jobId: start.jobId() ?? "",
    size: start.size(),
    ranks: list(start.ranksLength(), (i) => start.ranks(i)).map(readRank),
    nodeRank: start.nodeRank(),
    nodes: start.nodes(),
    host: start.host() ?? "",
    attempt: start.attempt(),
    transport: transportOf(start.transport()),
    programs: list(start.programsLength(), (i) => start.programs(i)).map(readProgram),
    hosts: [...(start.hostsArray() ?? [])],
    files: list(start.filesLength(), (i) => start.files(i)).map(readFile),
  };
}

function readFile(file: wire.File): UserFile {
  return { name: file.name() ?? "", bytes: file.bytesArray() ?? new Uint8Array(0) };
}

function writeProgram(b: Builder, program: ProgramStart): Offset {
  const variables = Object.entries(program.environment).map(([name, value]) =>
    wire.Variable.createVariable(b, b.createString(name), b.createString(value)),
  );
  return wire.Program.createProgram(
    b,
    b.createByteVector(program.code),
    b.createByteVector(program.sourceMap),
    wire.Program.createArgsVector(b, strings(b, program.args)),
    wire.Program.createEnvironmentVector(b, variables),
    b.createString(program.directory),
  );
}

function readProgram(program: wire.Program): ProgramStart {
  const variables = list(program.environmentLength(), (i) => program.environment(i));
  return {
    code: program.codeArray() ?? new Uint8Array(0),
    sourceMap: program.sourceMapArray() ?? new Uint8Array(0),
    args: list(program.argsLength(), (i) => program.args(i)),
    environment: Object.fromEntries(variables.map((v) => [v.name() ?? "", v.value() ?? ""])),
    directory: program.directory() ?? "",
  };
}

function writeRank(b: Builder, { rank, program, cpus, flags }: RankStart): Offset {
  const [cpuVector, flagVector] = [
    wire.RankStart.createCpusVector(b, [...cpus]),
    wire.RankStart.createFlagsVector(b, strings(b, flags)),
  ];
  return wire.RankStart.createRankStart(b, rank, program, cpuVector, flagVector);
}

function readRank(start: wire.RankStart): RankStart {
  return {
    rank: start.rank(),
    program: start.program(),
    cpus: [...(start.cpusArray() ?? [])],
    flags: list(start.flagsLength(), (i) => start.flags(i)),
  };
}
