/** Variables that say which rank of an MPI job a process is, as its launchers set them. */
const PLACE = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "PMI_ID", "SLURM_PROCID"];

/** Those of them that are set; none outside a job. Local. */
export function placeVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  return PLACE.filter((name) => environment[name]);
}
