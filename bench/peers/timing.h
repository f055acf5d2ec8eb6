/* The same measurement as programs/timing.ts, in C. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int rank;

static double timed(void (*repeat)(long), long count) {
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  repeat(count);
  return MPI_Wtime() - start;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median time of one operation, in seconds. */
static double seconds_per_operation(void (*repeat)(long), char **argv) {
  double batch = atof(argv[1]) / 1000, samples[1000], spent = 0;
  int batches = atoi(argv[2]);
  long count = 1;
  while (spent < 0.3) {
    double elapsed = timed(repeat, count);
    MPI_Bcast(&elapsed, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD); /* ranks go on alike */
    spent += elapsed;
    if (elapsed < batch) count *= 2;
  }
  for (int i = 0; i < batches; i++) samples[i] = timed(repeat, count) / count;
  qsort(samples, batches, sizeof(double), ascending);
  return samples[batches / 2];
}

static void report(long bytes, double seconds) {
  if (rank == 0) printf("{\"bytes\": %ld, \"seconds\": %.9e}\n", bytes, seconds);
}
