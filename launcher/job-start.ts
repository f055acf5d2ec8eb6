import type { Start, TransportName, UserFile } from "../src/comm/wire/messages.js";

/** What agents are told of the job, each alike. */
export type JobStart = Pick<Start, "jobId" | "size" | "nodes" | "attempt" | "transport" | "hosts" | "files">;

/**
 * What all agents of a job are told. Local, pure.
 *
 * @param hosts - Place among the job's hosts of every world rank.
 */
export function jobStart(
  jobId: string,
  transport: TransportName,
  hosts: readonly number[],
  files: readonly UserFile[] = [],
): JobStart {
  return { jobId, size: hosts.length, nodes: new Set(hosts).size, attempt: 0, transport, hosts, files };
}
