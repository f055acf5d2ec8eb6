/**
 * The world, joined when this module is imported, as mpi4py does it:
 *
 * ```ts
 * import { world } from "tsmpi/auto";
 * console.log(world.rank);
 * ```
 *
 * @module
 */
import { init, type World } from "./comm/world.js";

/** All ranks of the job; the same that {@link init} resolves to. */
export const world: World = await init();
