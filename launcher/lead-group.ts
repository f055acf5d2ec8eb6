/**
 * Runs in every rank before its program, and makes it the leader of a process group of its own, for signals that are to
 * reach its children too.
 *
 * Node itself could start it as one only together with a session, and Linux divides cores between sessions before it
 * divides them between processes: a rank that gives up its core to others of its job, but is alone in its session, has
 * given up nothing. 16 ranks on 2 cores took 15 times as long for an allreduce.
 *
 * @see setpgid(2); sched(7), "The autogroup feature"
 */
import { requireNative } from "../src/native.js";

type Koffi = typeof import("koffi");

if (process.platform === "linux") leadGroup();

/** Does nothing in a rank that leads a session. */
function leadGroup(): void {
  try {
    const setpgid: (pid: 0, group: 0) => number = requireNative<Koffi>("koffi")
      .load(null)
      .func("int setpgid(int pid, int group)");
    setpgid(0, 0);
  } catch {
    // Without koffi signals reach the rank, and not its children.
  }
}
