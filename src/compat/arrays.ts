import { ANY_SOURCE, ANY_TAG, type Reduction, type TypedArray } from "../comm/types.js";
import {
  blockOf,
  type Buffer,
  fill,
  given,
  IN_PLACE,
  type InPlace,
  missing,
  partsOf,
  typed,
} from "./buffers.js";
import { ObjectComm } from "./objects.js";
import { Prequest, Request, type Status } from "./request.js";

/** The methods of a communicator that take typed arrays, and write results in place: capitals, as in mpi4py. */
export class ArrayComm extends ObjectComm {
  async Send(array: TypedArray, dest: number, tag = 0): Promise<void> {
    return this.send(typed("Send", array), dest, tag);
  }

  async Recv<A extends TypedArray>(
    into: A,
    source = ANY_SOURCE,
    tag = ANY_TAG,
    status?: Status,
  ): Promise<void> {
    await this.Irecv(into, source, tag).wait(status);
  }

  Isend(array: TypedArray, dest: number, tag = 0): Request<void> {
    return this.isend(typed("Isend", array), dest, tag);
  }

  /** Synchronous: completes once it is received. */
  async Ssend(array: TypedArray, dest: number, tag = 0): Promise<void> {
    await this.Issend(array, dest, tag).wait();
  }

  Issend(array: TypedArray, dest: number, tag = 0): Request<void> {
    return this.issend(array, dest, tag);
  }

  /** Buffered: completes at once; see `Attach_buffer`. */
  Bsend(array: TypedArray, dest: number, tag = 0): Promise<void> {
    return this.bsend(array, dest, tag);
  }

  Ibsend(array: TypedArray, dest: number, tag = 0): Request<void> {
    return this.ibsend(array, dest, tag);
  }

  Send_init(array: TypedArray, dest: number, tag = 0): Prequest<void> {
    return new Prequest(this.comm.sendInit(array, dest, { tag }));
  }

  Ssend_init(array: TypedArray, dest: number, tag = 0): Prequest<void> {
    return new Prequest(this.comm.sendInit(array, dest, { tag, mode: "synchronous" }));
  }

  Bsend_init(array: TypedArray, dest: number, tag = 0): Prequest<void> {
    return new Prequest(this.comm.sendInit(array, dest, { tag, mode: "buffered" }));
  }

  Recv_init<A extends TypedArray>(into: A, source = ANY_SOURCE, tag = ANY_TAG): Prequest<A> {
    return new Prequest(this.comm.recvInit(into, { source, tag }));
  }

  Irecv<A extends TypedArray>(into: A, source = ANY_SOURCE, tag = ANY_TAG): Request<A> {
    return new Request(this.comm.recv({ source, tag, into }));
  }

  async Sendrecv<A extends TypedArray>(
    array: TypedArray,
    dest: number,
    sendtag: number,
    into: A,
    source = ANY_SOURCE,
    recvtag = ANY_TAG,
    status?: Status,
  ): Promise<void> {
    const started = this.comm.sendrecv(array, { dest, sendTag: sendtag, source, recvTag: recvtag, into });
    await new Request(started).wait(status);
  }

  /** Sends the buffer, then receives into it. */
  async Sendrecv_replace(
    array: TypedArray,
    dest: number,
    sendtag = 0,
    source = ANY_SOURCE,
    recvtag = ANY_TAG,
    status?: Status,
  ): Promise<void> {
    const where = { dest, sendTag: sendtag, source, recvTag: recvtag };
    await new Request(this.comm.sendrecvReplace(typed("Sendrecv_replace", array), where)).wait(status);
  }

  Barrier(): Promise<void> {
    return this.barrier();
  }

  Ibarrier(): Request<void> {
    return this.ibarrier();
  }

  async Bcast<A extends TypedArray>(array: A, root = 0): Promise<void> {
    await this.Ibcast(array, root).wait();
  }

  Ibcast<A extends TypedArray>(array: A, root = 0): Request<A> {
    const into = typed("Bcast", array);
    return new Request(this.comm.bcast(this.rank === root ? into : undefined, { root, into }));
  }

  async Reduce<A extends TypedArray>(
    array: A | InPlace,
    into: A | undefined,
    op: Reduction<A> = "sum",
    root = 0,
  ): Promise<void> {
    await this.Ireduce(array, into, op, root).wait();
  }

  Ireduce<A extends TypedArray>(
    array: A | InPlace,
    into: A | undefined,
    op: Reduction<A> = "sum",
    root = 0,
  ): Request<A | undefined> {
    const value = typed("Reduce", given(array, into));
    if (this.rank === root) typed("Reduce", into);
    return new Request(this.comm.reduce(value, { op, root, into }));
  }

  async Allreduce<A extends TypedArray>(
    array: A | InPlace,
    into: A,
    op: Reduction<A> = "sum",
  ): Promise<void> {
    await this.Iallreduce(array, into, op).wait();
  }

  Iallreduce<A extends TypedArray>(array: A | InPlace, into: A, op: Reduction<A> = "sum"): Request<A> {
    const value = typed("Allreduce", given(array, into));
    return new Request(this.comm.allreduce(value, { op, into: typed("Allreduce", into) }));
  }

  async Scan<A extends TypedArray>(array: A | InPlace, into: A, op: Reduction<A> = "sum"): Promise<void> {
    fill(into, await this.comm.scan(given(array, into), { op, into }));
  }

  async Exscan<A extends TypedArray>(array: A | InPlace, into: A, op: Reduction<A> = "sum"): Promise<void> {
    fill(into, await this.comm.exscan(given(array, into), { op, into }));
  }

  async Reduce_scatter<A extends TypedArray>(
    array: A,
    into: A,
    counts?: ArrayLike<number>,
    op: Reduction<A> = "sum",
  ): Promise<void> {
    fill(into, await this.comm.reduceScatter(array, { op, counts, into }));
  }

  async Gather<A extends TypedArray>(
    array: A | InPlace,
    into: Buffer<A> | undefined,
    root = 0,
  ): Promise<void> {
    const { array: target, ...blocks } = partsOf(into);
    const value = array === IN_PLACE ? blockOf(this, target, blocks) : array;
    await this.comm.gather(value, { root, into: target, ...blocks });
  }

  async Scatter<A extends TypedArray>(
    values: Buffer<A> | undefined,
    into: A | InPlace,
    root = 0,
  ): Promise<void> {
    const { array, ...blocks } = partsOf(values);
    const target = into === IN_PLACE ? blockOf(this, array, blocks) : into;
    await this.comm.scatter(array, { root, into: target, ...blocks });
  }

  async Allgather<A extends TypedArray>(array: A | InPlace, into: Buffer<A>): Promise<void> {
    const { array: target = missing(), ...blocks } = partsOf(into);
    const value = array === IN_PLACE ? blockOf(this, target, blocks) : array;
    await this.comm.allgather(value, { into: target, ...blocks });
  }

  async Alltoall<A extends TypedArray>(values: Buffer<A> | InPlace, into: Buffer<A>): Promise<void> {
    const { array: target = missing(), counts: recvCounts, displs: recvDispls } = partsOf(into);
    const sent =
      values === IN_PLACE
        ? { array: target.slice() as A, counts: recvCounts, displs: recvDispls }
        : partsOf(values);
    const { array = missing(), counts, displs } = sent;
    await this.comm.alltoall(array, { into: target, counts, displs, recvCounts, recvDispls });
  }

  Gatherv: ArrayComm["Gather"] = (...call) => this.Gather(...call);
  Scatterv: ArrayComm["Scatter"] = (...call) => this.Scatter(...call);
  Allgatherv: ArrayComm["Allgather"] = (...call) => this.Allgather(...call);
  Alltoallv: ArrayComm["Alltoall"] = (...call) => this.Alltoall(...call);
}
