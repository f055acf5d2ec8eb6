import type { Request, Status } from "./types.js";

/** A request that is complete: its place in the list, and what came of it. */
export interface Completed<T> {
  readonly index: number;
  readonly value: T;
  readonly status: Status | undefined;
}

/**
 * Waits for all requests. Local.
 *
 * @throws The error of the first request in the list that failed, once every request has ended.
 */
export async function waitAll<T extends readonly unknown[]>(requests: {
  readonly [K in keyof T]: Request<T[K]>;
}): Promise<T> {
  const outcomes = await Promise.allSettled(requests as Iterable<PromiseLike<unknown>>);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as unknown as T;
}

/**
 * Waits until one request is complete: the first in the list that is, so that the same state gives the same answer.
 * The others go on. Local.
 *
 * @throws {RangeError} If there are no requests; else the error of the request that ended.
 */
export async function waitAny<T>(requests: readonly Request<T>[]): Promise<Completed<T>> {
  if (requests.length === 0) throw new RangeError("waitAny: no requests to wait for; pass at least one");
  const index = await firstIndex(requests);
  return { index, value: await requests[index], status: requests[index].status };
}

/** Waits until at least one request is complete, and returns all that are, in the order of the list. Local. */
export async function waitSome<T>(requests: readonly Request<T>[]): Promise<Completed<T>[]> {
  const { index: first } = await waitAny(requests);
  const complete: Completed<T>[] = [];
  for (const [index, request] of requests.entries()) {
    if (index === first || request.test())
      complete.push({ index, value: await request, status: request.status });
  }
  return complete;
}

/** Whether all requests are complete, failed ones included. Local; never waits, and moves what can move. */
export function testAll(requests: readonly Request<unknown>[]): boolean {
  return requests.filter((request) => request.test()).length === requests.length;
}

/** Place in the list of the first request that is complete; `undefined` if none is. Local; never waits. */
export function testAny(requests: readonly Request<unknown>[]): number | undefined {
  const index = requests.findIndex((request) => request.test());
  return index < 0 ? undefined : index;
}

/** Places of all requests that are complete, in order. Local; never waits. */
export function testSome(requests: readonly Request<unknown>[]): number[] {
  return [...requests.keys()].filter((index) => requests[index].test());
}

async function firstIndex(requests: readonly Request<unknown>[]): Promise<number> {
  const ready = (): number => requests.findIndex((request) => request.test());
  const now = ready();
  if (now >= 0) return now;
  // Failed requests end the wait as well; who awaits them sees the error.
  const ended = requests.map((request, index) =>
    request.then(
      () => index,
      () => index,
    ),
  );
  const raced = await Promise.race(ended);
  const first = ready();
  return first >= 0 ? first : raced;
}
