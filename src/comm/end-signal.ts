import { MpiError } from "./errors.js";

const NAMES = ["SIGINT", "SIGTERM"] as const;

/**
 * A signal that fires when this process is told to end, by SIGINT (Ctrl-C at tsmpirun) or SIGTERM, instead of being
 * ended by that: what the program does then is up to it. The next such signal ends the process as usual. Local.
 *
 * Its reason is an {@link MpiError} with code "SIGNAL".
 */
export function endSignal(): AbortSignal {
  const controller = new AbortController();
  const end = (name: NodeJS.Signals): void => {
    for (const each of NAMES) process.off(each, end);
    controller.abort(new MpiError("SIGNAL", `${name}: this rank has been told to end`));
  };
  for (const each of NAMES) process.on(each, end);
  return controller.signal;
}
