/** Environment variables that tsmpirun reads; the command line goes before them. */
export const environment = {
  hostfile: text("TSMPI_HOSTFILE"),
  /** Seconds, as for --timeout. */
  timeout: text("TSMPI_TIMEOUT") ?? text("MPIEXEC_TIMEOUT"),
  transport: text("TSMPI_TRANSPORT"),
  /** Where tasks of srun meet. */
  keyFile: text("TSMPI_KEYFILE"),
  /** Where session folders go. */
  runtimeFolder: text("XDG_RUNTIME_DIR"),
} as const;

function text(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}
