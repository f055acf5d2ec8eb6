/**
 * Every environment variable that tsmpi reads, in one place. Ranks get their real configuration, keys
 * included, over the control channel (wire/control.fbs); the environment only says that there is one.
 */
export const env = {
  /** Descriptor of the control channel that the agent opened for this rank; unset in a plain `node script.js`. */
  controlFd: integer("TSMPI_CONTROL_FD"),
  /** Where tsmpi is installed: native packages are resolved from here when the program runs from a bundle. */
  root: process.env["TSMPI_ROOT"],
  size: integer("TSMPI_SIZE"),
} as const;

function integer(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `${name}: "${text}" is not a non-negative integer; unset it or start the program with tsmpirun`,
    );
  }
  return value;
}
