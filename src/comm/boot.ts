import type { RecordKind, TransportName } from "./wire/messages.js";
import type { PortRange } from "./wire/ports.js";

/**
 * What a rank is told when it starts, and its line to the agent that started it. The channel is a socket pair
 * inherited from the agent (`TSMPI_CONTROL_FD`); its messages are FlatBuffers (wire/control.fbs). Secrets come over it,
 * never through argv or the environment.
 */
export interface Boot {
  readonly jobId: string;
  readonly rank: number;
  readonly size: number;
  /** Place among the ranks of this host, and how many those are. */
  readonly localRank: number;
  readonly localSize: number;
  /** Ranks of this host outnumber the CPUs on which they may run: who waits lets others run. */
  readonly crowded: boolean;
  /** Place of this host among the job's hosts, and how many those are. */
  readonly nodeRank: number;
  readonly nodes: number;
  readonly host: string;
  /** Which program of an MPMD job this is; 0 without `:`. */
  readonly appnum: number;
  /** 0, and one more each time the job was started again. */
  readonly attempt: number;
  readonly transport: TransportName;
  /** Place among the job's hosts of every world rank: those with the same number share memory. */
  readonly hosts: readonly number[];
  /** World ranks that share this host's memory, by local rank. */
  readonly localRanks: readonly number[];
  /** The host's shared segment: an inherited descriptor of zeroed memory, `segmentBytes(localSize)` long. */
  readonly segment: { readonly fd: number; readonly bytes: number } | undefined;
  /** Doorbells: one pipe per local rank. This rank reads from `own`; writing a byte to `ring[i]` wakes local rank i. */
  readonly bells: { readonly own: number; readonly ring: readonly number[] } | undefined;
  /** CURVE key pair of the job (z85), shared by its ranks; `undefined` with --no-encrypt. */
  readonly curve: { readonly publicKey: string; readonly secretKey: string } | undefined;
  /** Address to bind TCP sockets to. */
  readonly address: string;
  /** Secret of the job, in hex: by it ranks know each other on connections that CURVE does not protect. */
  readonly key: string;
  /** A host that shows no sign of life for so long is lost. Its kernel answers, however busy its ranks are. */
  readonly silentMs: number;
  /** Ports that may be opened; `undefined`: any. */
  readonly ports: PortRange | undefined;
}

export interface Control {
  readonly boot: Boot;
  /**
   * Tells the agent that this rank runs, and where it can be reached (`endpoint`, "" if it needs no network).
   * Resolves to the endpoints of all ranks, by rank, once every rank has said hello.
   */
  hello(endpoint: string): Promise<readonly string[]>;
  /** This rank will send no more; resolves once no rank will. */
  finalize(): Promise<void>;
  /** Reports an error that ends the job: the agents stop every other rank, the launcher prints this message. */
  fail(error: unknown): void;
  /** Ends the job with an exit code (0 is turned into 1) and a reason. Does not return. */
  abort(code: number, reason: string): never;
  /** Ranks that have finalized, or died; called again when there are more. */
  onGone(listener: (ranks: readonly number[]) => void): void;
  /** Has this rank tell what it is doing, whenever the launcher inquires. */
  onInquiry(tell: () => Promise<string>): void;
  /** Hands something that this rank has recorded to the launcher. */
  record(what: RecordKind, text: string): void;
  /** While any hold is taken the channel keeps this process alive. */
  hold(): void;
  release(): void;
}
