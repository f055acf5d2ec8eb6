/** Exit codes that are tsmpirun's own; any other is that of the rank that failed first. */
export const exitCodes = {
  usage: 2,
  compile: 1,
  timeout: 124,
  launcher: 125,
  notRunnable: 126,
  notFound: 127,
} as const;

/** Ends tsmpirun with a message and an exit code, before or instead of a job. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.launcher, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The command line or a file it names is wrong: exit code 2. */
export class UsageError extends LaunchError {
  constructor(message: string) {
    super(message, exitCodes.usage);
  }
}
