import { ANY_SOURCE, ANY_TAG, type Reduction, type TypedArray } from "../comm/types.js";
import { blockOf, type Buffer, fill, given, IN_PLACE, type InPlace, missing, partsOf } from "./buffers.js";
import { ObjectComm } from "./objects.js";
import { Prequest, Request, type Status } from "./request.js";

/** The methods of a communicator that take typed arrays, and write results in place: capitals, as in mpi4py. */
export class ArrayComm extends ObjectComm {
  Send(array: TypedArray, dest: number, tag = 0): Promise<void> {
    return this.send(array, dest, tag);
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
    return this.isend(array, dest, tag);
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

  Barrier(): Promise<void> {
    return this.barrier();
  }

  async Bcast<A extends TypedArray>(array: A, root = 0): Promise<void> {
    await this.comm.bcast(this.rank === root ? array : undefined, { root, into: array });
  }

  async Reduce<A extends TypedArray>(
    array: A | InPlace,
    into: A | undefined,
    op: Reduction<A> = "sum",
    root = 0,
  ): Promise<void> {
    const result = await this.comm.reduce(given(array, into), { op, root, into });
    if (this.rank === root) fill(into, result);
  }

  async Allreduce<A extends TypedArray>(
    array: A | InPlace,
    into: A,
    op: Reduction<A> = "sum",
  ): Promise<void> {
    fill(into, await this.comm.allreduce(given(array, into), { op, into }));
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
