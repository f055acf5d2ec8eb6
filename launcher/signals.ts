import { setTimeout as delay } from "node:timers/promises";
import type { Job } from "./job.js";

/**
 * Hands signals that tsmpirun gets to the job: SIGINT, SIGTERM and SIGHUP end it, SIGQUIT has it say what ranks wait for, those of `forwarded` go to every rank,
 * Ctrl-Z stops the ranks too. Returns a function that undoes all this. Local.
 */
export function handleSignals(job: Job, forwarded: readonly NodeJS.Signals[]): () => void {
  const handlers: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGINT: () => job.signal("SIGINT"),
    SIGTERM: () => job.signal("SIGTERM"),
    SIGHUP: () => job.signal("SIGHUP"),
    // In node it opens the inspector, to anyone on this host.
    SIGUSR1: () =>
      process.stderr.write("tsmpirun: SIGUSR1 is not passed on; use SIGUSR2, or --forward-signals\n"),
    SIGQUIT: () => job.reportState(),
    SIGTSTP: () => void suspend(job),
    SIGCONT: () => job.forward("SIGCONT"),
    ...Object.fromEntries(forwarded.map((name) => [name, () => job.forward(name)])),
  };
  const entries = Object.entries(handlers);
  for (const [name, handler] of entries) process.on(name, handler);
  const brokenPipe = () => job.brokenPipe();
  process.stdout.on("error", brokenPipe);
  process.stderr.on("error", brokenPipe);
  return () => {
    for (const [name, handler] of entries) process.off(name, handler);
  };
}

async function suspend(job: Job): Promise<void> {
  job.forward("SIGSTOP");
  await delay(50); // ZeroMQ's own thread would stop with us: let the message leave
  process.kill(process.pid, "SIGSTOP");
}
