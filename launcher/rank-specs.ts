import type { Start } from "../src/comm/wire/messages.js";
import type { HostMemory } from "./host-memory.js";
import type { Installed } from "./install-programs.js";
import { inspectorFlags } from "./inspector.js";
import { bootOf, inheritedBy, ranksBeside, variablesOf } from "./rank-boot.js";
import { isCrowded, limitsOf } from "./rank-limits.js";
import type { RankSpec } from "./rank-process.js";
import type { AgentConfig } from "./start-agent.js";

/** What an agent starts its ranks with. */
interface Means {
  readonly config: AgentConfig;
  /** At which ranks of other hosts reach those of this one. */
  readonly address: string;
  readonly memory: HostMemory | undefined;
  /** CPUs to which the only rank is bound already; 0: it is not. */
  readonly bound: number;
  readonly installed: Installed;
}

/** How each rank of this host is to be started, and on which CPUs; none: on all. Local. */
export function rankSpecs(
  start: Start,
  means: Means,
): { readonly spec: RankSpec; readonly cpus: readonly number[] }[] {
  const { config, address, memory, bound, installed } = means;
  const localRanks = ranksBeside(start);
  const crowded = bound === 0 && isCrowded(localRanks.length, start.ranks);
  return start.ranks.map(({ rank, program, cpus, flags }) => {
    const { args, environment } = start.programs[program];
    const { file, directory } = installed.programs[program];
    const boot = bootOf(start, { rank, program, localRanks, memory, crowded }, config, address);
    const limits = limitsOf(cpus.length || bound, localRanks.length);
    const nodeFlags = [...limits.flags, ...inspectorFlags(flags), ...flags];
    const spec = {
      boot,
      command:
        file === undefined ? args : [process.execPath, "--enable-source-maps", ...nodeFlags, file, ...args],
      foreign: file === undefined,
      environment: variablesOf(boot, {
        limits: limits.environment,
        job: environment,
        files: installed.files,
      }),
      directory,
      stdin: stdinOf(rank, config),
      raw: config.raw,
      inherited: memory ? inheritedBy(boot.localRank, memory) : [],
    };
    return { spec, cpus };
  });
}

function stdinOf(rank: number, { heir, fed }: AgentConfig): RankSpec["stdin"] {
  if (rank === heir?.rank) return heir.fd;
  return fed.includes(rank) ? "pipe" : "ignore";
}
