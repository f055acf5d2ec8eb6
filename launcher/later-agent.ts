import type { RemoteAgent } from "./remote-agent.js";

/**
 * An agent that is still to be started. What it is told reaches it then. Local.
 *
 * @param begun - The agent, once somebody starts it.
 * @param drop - Called when it is let go before that.
 */
export function laterAgent(begun: Promise<RemoteAgent>, drop: () => void): RemoteAgent {
  let agent: RemoteAgent | undefined;
  let dropped: string | undefined;
  const come = begun.then((begun) => {
    agent = begun;
    if (dropped !== undefined) begun.release();
    return begun;
  });
  const greeting = come.then((agent) => agent.greeting);
  greeting.catch(() => undefined); // `gone` tells
  const letGo = (reason: string): void => {
    if (dropped === undefined) drop();
    dropped ??= reason;
  };
  return {
    local: false,
    greeting,
    gone: come.then(
      (agent) => agent.gone,
      () => dropped ?? NOT_STARTED,
    ),
    configure: (config) => void come.then((agent) => agent.configure(config)).catch(() => undefined),
    fail: (reason) => (agent ? agent.fail(reason) : letGo(reason)),
    release: () => (agent ? agent.release() : letGo(NOT_STARTED)),
    kill: () => (agent ? agent.kill() : letGo(NOT_STARTED)),
  };
}

export const NOT_STARTED = "it was not started";
