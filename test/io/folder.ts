import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Communicator } from "../../src/comm/types.js";

/** A folder that all ranks see, removed at the end. */
export async function inFolder(comm: Communicator, body: (folder: string) => Promise<void>): Promise<void> {
  const made = comm.rank === 0 ? await mkdtemp(join(tmpdir(), "tsmpi-io-")) : undefined;
  const folder = await comm.bcast(made);
  assert.ok(folder);
  try {
    await body(folder);
    await comm.barrier();
  } finally {
    if (made) await rm(made, { recursive: true });
  }
}
