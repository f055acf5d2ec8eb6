import { readFileSync } from "node:fs";

/**
 * What a process does that does not answer: it runs outside JavaScript, sleeps in a call of the system, or is stopped.
 * Local.
 *
 * @see proc_pid_stat(5): the name of the command, in brackets, may hold anything.
 */
export function processState(pid: number): "silent" | "asleep" | "stopped" {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = text[text.lastIndexOf(")") + 2];
    if (state === "T" || state === "t") return "stopped";
    return state === "S" || state === "D" ? "asleep" : "silent";
  } catch {
    return "silent"; // it has just ended, or there is no /proc
  }
}
