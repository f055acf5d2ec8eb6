import { once } from "node:events";
import type { WebSocket } from "ws";

/**
 * Asks a program that computes, and whose event loop does not turn, through node's inspector: it interrupts JavaScript
 * wherever that is. The inspector is opened by SIGUSR1 when it is needed. Its address holds a secret that only this
 * process reads, from the program's stderr; the program closes it as soon as its event loop turns.
 */
export class Inspector {
  readonly #signal: (() => void) | undefined;
  #opened = false;
  #url: string | undefined;
  #found: ((url: string) => void) | undefined;

  /** @param signal - Sends SIGUSR1 to the program; `undefined`: it cannot be interrupted. */
  constructor(signal: (() => void) | undefined) {
    this.#signal = signal;
  }

  /** Of what the program has written to stderr, what is not node's own about its inspector. */
  filter(bytes: Uint8Array): Uint8Array {
    if (!this.#opened) return bytes;
    const text = Buffer.from(bytes).toString("latin1");
    const url = /^Debugger listening on (ws:\/\/\S+)$/m.exec(text)?.[1];
    if (url !== undefined) {
      this.#url = url;
      this.#found?.(url);
    }
    const rest = text.replace(OWN_LINES, "");
    return rest.length === text.length ? bytes : Buffer.from(rest, "latin1");
  }

  /**
   * The value of an expression, a string, in the program; `undefined` if that is in native code, or debugged by somebody
   * else, and does not answer in time.
   */
  async evaluate(expression: string, timeoutMs: number): Promise<string | undefined> {
    if (this.#signal === undefined) return undefined;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const socket = await this.#connect(limit);
      try {
        const params = { expression, returnByValue: true };
        socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params }));
        const [message] = (await once(socket, "message", { signal: limit })) as [Buffer];
        return valueOf(message.toString());
      } finally {
        socket.terminate();
      }
    } catch {
      return undefined;
    }
  }

  /** To the inspector that is open since the last time, unless the program has closed it, or to a new one. */
  async #connect(limit: AbortSignal): Promise<WebSocket> {
    if (this.#url !== undefined) {
      try {
        return await dial(this.#url, limit);
      } catch {
        this.#url = undefined;
      }
    }
    return dial(await this.#open(limit), limit);
  }

  async #open(limit: AbortSignal): Promise<string> {
    this.#opened = true;
    const found = new Promise<string>((resolve, reject) => {
      this.#found = resolve;
      limit.addEventListener("abort", () => reject(new Error("no inspector")));
    });
    this.#signal?.();
    return found;
  }
}

async function dial(url: string, signal: AbortSignal): Promise<WebSocket> {
  const { WebSocket } = await import("ws"); // seldom needed
  const socket = new WebSocket(url);
  socket.on("error", () => undefined);
  try {
    await once(socket, "open", { signal });
    return socket;
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

/**
 * Flags by which node opens its inspector, should it be told to, at a port of this host's own, and tells where on stderr
 * alone. None where the user has it opened. Local.
 */
export function inspectorFlags(flags: readonly string[]): readonly string[] {
  const isOpen = [...flags, process.env["NODE_OPTIONS"] ?? ""].some((flag) => flag.includes("--inspect"));
  return isOpen ? [] : SECRETLY;
}

/** Whether a program was started with those flags: any other would open an inspector for everybody, or be killed. */
export function canInterrupt(command: readonly string[]): boolean {
  return SECRETLY.every((flag) => command.includes(flag));
}

const SECRETLY: readonly string[] = ["--inspect-port=127.0.0.1:0", "--inspect-publish-uid=stderr"];

const OWN_LINES =
  /^(Debugger (listening on|ending on) ws:.*|Debugger attached\.|For help, see: https:\/\/nodejs.*inspector|Waiting for the debugger to disconnect\.\.\.)\n/gm;

const parseAnswer: (json: string) => { result?: { result?: { value?: unknown } } } = JSON.parse;

function valueOf(answer: string): string | undefined {
  const value = parseAnswer(answer).result?.result?.value;
  return typeof value === "string" ? value : undefined;
}
