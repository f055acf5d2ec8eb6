import type { HostEntry } from "./hostfile.js";
import type { Launching } from "./launching.js";
import type { AgentConfig } from "./start-agent.js";

/** A line that an agent reads from its stdin. */
export interface AgentOrder {
  /** To start others. */
  readonly branch?: Branch;
  /** What each agent is to do, by the job's name of its host; "": the reader's own. `null`: leave. */
  readonly configs?: Readonly<Record<string, AgentConfig | null>>;
}

/** Agents that an agent is to start for the launcher. */
export interface Branch {
  /** What the job calls the starter's own host. */
  readonly from: string;
  readonly hosts: readonly HostEntry[];
  readonly how: Launching;
}
