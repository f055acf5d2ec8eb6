import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { PLAYED_SSH, type RunOptions, tsmpirun } from "./tsmpirun.js";

/** Runs with a client that plays ssh; returns what it was asked, and who asked for which host, too. */
export async function overSsh(t: Test, args: readonly string[], options: RunOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tsmpi-ssh-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "log");
  const outcome = await tsmpirun(["--ssh", PLAYED_SSH, ...args], {
    ...options,
    env: { SSH_LOG: log, ...options.env },
  });
  const lines = (file: string): string[] => readFileSync(file, "utf8").trim().split("\n");
  return { ...outcome, asked: lines(log), ways: lines(`${log}.ways`) };
}
