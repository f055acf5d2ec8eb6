import { basic } from "./rows/basic.js";
import type { Row } from "./rows/row.js";
import { signal } from "./rows/signal.js";
import { stacks } from "./rows/stacks.js";

/** Every operator, by name: one row each. */
export const table: Readonly<Record<string, Row>> = { ...basic, ...signal, ...stacks };
