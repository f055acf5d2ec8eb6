import { ANY_SOURCE, ANY_TAG, type Communicator, type Reduction } from "../comm/types.js";
import { BUFFER_BYTES } from "../comm/send-buffer.js";
import type { Group } from "../comm/structure/group.js";
import { Message, Request, type Status } from "./request.js";

/** The methods of a communicator that take any value: lower case, as in mpi4py. */
export class ObjectComm {
  /** That of tsmpi. */
  readonly comm: Communicator;

  constructor(comm: Communicator) {
    this.comm = comm;
  }

  get rank(): number {
    return this.comm.rank;
  }

  get size(): number {
    return this.comm.size;
  }

  get name(): string {
    return this.comm.name;
  }

  set name(name: string) {
    this.comm.name = name;
  }

  get group(): Group {
    return this.comm.group;
  }

  Get_rank = (): number => this.comm.rank;
  Get_size = (): number => this.comm.size;
  Get_name = (): string => this.comm.name;
  Get_group = (): Group => this.comm.group;

  Set_name(name: string): void {
    this.comm.name = name;
  }

  async send(value: unknown, dest: number, tag = 0): Promise<void> {
    await this.comm.send(value, dest, { tag });
  }

  async recv<T = unknown>(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): Promise<T> {
    return this.irecv<T>(source, tag).wait(status);
  }

  isend(value: unknown, dest: number, tag = 0): Request<void> {
    return new Request(this.comm.send(value, dest, { tag }));
  }

  /** Synchronous: completes once it is received. */
  async ssend(value: unknown, dest: number, tag = 0): Promise<void> {
    await this.issend(value, dest, tag).wait();
  }

  issend(value: unknown, dest: number, tag = 0): Request<void> {
    return new Request(this.comm.send(value, dest, { tag, mode: "synchronous" }));
  }

  /** Buffered: completes at once; see `Attach_buffer`. */
  async bsend(value: unknown, dest: number, tag = 0): Promise<void> {
    await this.ibsend(value, dest, tag).wait();
  }

  ibsend(value: unknown, dest: number, tag = 0): Request<void> {
    return new Request(this.comm.send(value, dest, { tag, mode: "buffered" }));
  }

  /** Room for buffered sends: as many bytes as the buffer has, whose memory itself is not needed. */
  Attach_buffer(buffer: { readonly byteLength: number }): void {
    this.comm.configure({ bufferBytes: buffer.byteLength });
  }

  /** Waits until what was sent has left, then allows as much as before. */
  async Detach_buffer(): Promise<void> {
    await this.Flush_buffer();
    this.comm.configure({ bufferBytes: BUFFER_BYTES });
  }

  async Flush_buffer(): Promise<void> {
    await this.comm.flushBuffer();
  }

  irecv<T = unknown>(source = ANY_SOURCE, tag = ANY_TAG): Request<T> {
    return new Request(this.comm.recv<T>({ source, tag }));
  }

  async sendrecv<T = unknown>(
    value: unknown,
    dest: number,
    sendtag = 0,
    source = ANY_SOURCE,
    recvtag = ANY_TAG,
    status?: Status,
  ): Promise<T> {
    const started = this.comm.sendrecv<T>(value, { dest, sendTag: sendtag, source, recvTag: recvtag });
    return new Request(started).wait(status);
  }

  /** Waits for a message, and says what it is; it stays to be received. */
  async probe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): Promise<boolean> {
    const found = await this.comm.probe({ source, tag });
    status?.set(found);
    return true;
  }

  /** Whether there is a message. */
  iprobe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): boolean {
    const found = this.comm.iprobe({ source, tag });
    if (found !== undefined) status?.set(found);
    return found !== undefined;
  }

  /** Waits for a message, and takes it out, for whoever calls `recv` of what it returns. */
  async mprobe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): Promise<Message> {
    const message = await this.comm.mprobe({ source, tag });
    status?.set(message.status);
    return new Message(message);
  }

  /** `undefined` if there is no message. */
  improbe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): Message | undefined {
    const message = this.comm.improbe({ source, tag });
    if (message === undefined) return undefined;
    status?.set(message.status);
    return new Message(message);
  }

  Probe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): Promise<boolean> {
    return this.probe(source, tag, status);
  }

  Iprobe(source = ANY_SOURCE, tag = ANY_TAG, status?: Status): boolean {
    return this.iprobe(source, tag, status);
  }

  async barrier(): Promise<void> {
    await this.comm.barrier();
  }

  ibarrier(): Request<void> {
    return new Request(this.comm.barrier());
  }

  async bcast<T>(value: T | undefined, root = 0): Promise<T> {
    return this.comm.bcast(value, { root });
  }

  async gather<T>(value: T, root = 0): Promise<T[] | undefined> {
    return this.comm.gather(value, { root });
  }

  async scatter<T>(values: readonly T[] | undefined, root = 0): Promise<T> {
    return this.comm.scatter(values, { root });
  }

  async allgather<T>(value: T): Promise<T[]> {
    return this.comm.allgather(value);
  }

  async alltoall<T>(values: readonly T[]): Promise<T[]> {
    return this.comm.alltoall(values);
  }

  async reduce<T>(value: T, op: Reduction<T> = "sum", root = 0): Promise<T | undefined> {
    return this.comm.reduce(value, { op, root });
  }

  async allreduce<T>(value: T, op: Reduction<T> = "sum"): Promise<T> {
    return this.comm.allreduce(value, { op });
  }

  async scan<T>(value: T, op: Reduction<T> = "sum"): Promise<T> {
    return this.comm.scan(value, { op });
  }

  async exscan<T>(value: T, op: Reduction<T> = "sum"): Promise<T | undefined> {
    return this.comm.exscan(value, { op });
  }
}
