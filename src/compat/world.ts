import { init, type World } from "../comm/world.js";

let world: World | undefined;

export async function joinWorld(): Promise<World> {
  return (world ??= await init());
}

/** @throws {Error} Before `MPI.Init()`. */
export function currentWorld(): World {
  if (world === undefined) throw new Error("MPI: not initialized; call `await MPI.Init()` first");
  return world;
}

export function isInitialized(): boolean {
  return world !== undefined;
}
