import { parseOptions, UsageError } from "./options.js";
import { runSections } from "./session.js";
import { tsmpi } from "./sides.js";
import { runTargets } from "./targets.js";
import { messageOf } from "../src/thrown.js";

/** The command `tsmpi bench`; resolves to the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const request = parseOptions(args);
    if (typeof request === "string") {
      console.log(request);
      return 0;
    }
    const { sections, transports, launch, targets, ...settings } = request;
    if (targets) return await runTargets({ ...settings, launch, stages: targets });
    const own = transports.map((name) => tsmpi(name, launch));
    return await runSections(sections, { ...settings, launch, own });
  } catch (error) {
    console.error(`tsmpi bench: ${messageOf(error)}`);
    return error instanceof UsageError || error instanceof RangeError ? 2 : 1;
  }
}
