import { rename, rm, stat } from "node:fs/promises";
import { agreeOn } from "../array/agree-on.js";
import type { BlockVector } from "../array/blocks.js";
import { channelOf } from "../array/channel.js";
import type { Communicator } from "../comm/types.js";
import { agree, inTurn } from "./agree.js";

/**
 * Lets `write` make a file or a folder under another name, which rank 0 then gives its own; what was there is replaced.
 * If it fails, nothing is left but what was there. Collective: before, ranks compare in a small allreduce the path, the
 * array's dtype and space, and what else they `asked` for.
 *
 * @param write - Checks its options, too: all ranks have the same then, so all refuse them or none.
 */
export function replacing(
  path: string,
  where: string,
  { space, dtype }: BlockVector<unknown>,
  asked: object,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const { comm } = space;
  return inTurn(comm, async () => {
    if (comm) await agreeOn(channelOf(comm), [where, path, dtype, space.toString(), asked]);
    await replaced(path, where, comm, write);
  });
}

async function replaced(
  path: string,
  where: string,
  comm: Communicator | undefined,
  write: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${path}.part`;
  const root = !comm || comm.rank === 0;
  try {
    await write(partial);
    await agree(comm, where, async () => {
      if (!root) return;
      if (await isFolder(path)) await rm(path, { recursive: true });
      await rename(partial, path);
    });
  } catch (error) {
    if (root) await rm(partial, { force: true, recursive: true });
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
