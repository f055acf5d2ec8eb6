/** An entry of a {@link Queue}; in one queue at a time. */
export interface Queued<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A doubly linked list in arrival order: entries leave from anywhere in constant time, without allocation. */
export class Queue<T extends Queued<T>> {
  first: T | undefined;
  #last: T | undefined;

  push(entry: T): void {
    entry.previous = this.#last;
    entry.next = undefined;
    if (this.#last === undefined) this.first = entry;
    else this.#last.next = entry;
    this.#last = entry;
  }

  remove(entry: T): void {
    const { previous, next } = entry;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    entry.previous = entry.next = undefined;
  }
}
