/** Variables that belong to a machine or to a step of srun rather than to a job; those of a job are in settings.ts. */
export const environment = {
  /** Where tasks of srun meet. */
  keyFile: text("TSMPI_KEYFILE"),
  /** Where session folders go. */
  runtimeFolder: text("XDG_RUNTIME_DIR"),
} as const;

function text(name: string): string | undefined {
  const value = process.env[name];
  return value === "" ? undefined : value;
}
