import { CollectiveCalls } from "./collective-calls.js";
import { allgather } from "./collectives/allgather.js";
import { childContext } from "./context-id.js";
import type { Communicator, Request, Statistics } from "./types.js";

/** The communicator of a group of the world's ranks; see {@link Communicator} for what its methods do. */
export class GroupCommunicator extends CollectiveCalls implements Communicator {
  #children = 0;
  #self: GroupCommunicator | undefined;

  get statistics(): Statistics {
    return { ...this.engine.statistics, calls: this.calls.counts };
  }

  get self(): Communicator {
    const { rank } = this.engine.transport;
    return (this.#self ??= new GroupCommunicator(
      this.engine,
      childContext(this.id, -1, rank),
      [rank],
      "self",
    ));
  }

  split(color: number | undefined, key = this.rank): Request<Communicator | undefined> {
    const generation = ++this.#children;
    return this.calls.start({ name: "split" }, async (call) => {
      if (color !== undefined && !Number.isSafeInteger(color))
        throw new RangeError(`split: color ${color} on rank ${this.rank} is no integer`);
      const choices = await allgather(call, Float64Array.of(color ?? NaN, key, this.engine.nextBoard));
      const members = (choices as Float64Array[])
        .map(([theirs, order, board], rank) => ({ color: theirs, order, board, rank }))
        .filter((choice) => choice.color === color)
        .sort((a, b) => a.order - b.order || a.rank - b.rank);
      if (color === undefined) return undefined;
      const ranks = members.map(({ rank }) => this.ranks[rank]);
      const board = Math.max(...members.map((member) => member.board)); // free on all members
      this.engine.nextBoard = board + 1;
      const id = childContext(this.id, generation, color);
      return new GroupCommunicator(this.engine, id, ranks, `${this.name}/${color}`, board);
    });
  }

  dup(): Communicator {
    return new GroupCommunicator(
      this.engine,
      childContext(this.id, ++this.#children, -1),
      this.ranks,
      `${this.name}'`,
    );
  }
}
