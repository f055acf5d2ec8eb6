import type { Transport } from "./transport.js";

/** The transport of a world of one rank: there is nobody to send to, and nothing ever arrives. */
export const selfTransport: Transport = {
  kind: "self",
  rank: 0,
  size: 1,
  pollUs: 0,
  post(dest) {
    throw new RangeError(`self: there is no rank ${dest} in a world of one`);
  },
  progress: () => false,
  // What this rank waits for it would have to send itself; pending promises do not keep the process alive.
  sleep: () => new Promise(() => undefined),
  wake: () => undefined,
  close: async () => undefined,
};
