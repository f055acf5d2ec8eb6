/* As programs/collectives.ts. */
#include "harness.h"

static unsigned char *out, *into;
static double *x, *sum;
static int *counts;
static long bytes, length, start;
static int last;

static void setup_blocks(long b, long from, long to) {
  bytes = b;
  out = allocate(b * from);
  into = allocate(b * to);
  fill_pattern(out, b, rank);
}

static void setup_bcast(long b) { setup_blocks(b, 1, 1); }
static void setup_gather(long b) { setup_blocks(b, 1, size); }

static void setup_alltoall(long b) {
  setup_blocks(b, size, size);
  for (int dest = 0; dest < size; dest++) fill_pattern(out + dest * b, b, rank);
}

static void setup_scatter(long b) {
  setup_blocks(b, size, 1);
  for (int dest = 0; dest < size; dest++) fill_pattern(out + dest * b, b, dest);
}

static void cleanup_blocks(void) {
  free(out);
  free(into);
}

static void clear_block(void) { memset(into, 0, bytes); }
static void clear_blocks(void) { memset(into, 0, bytes * size); }
static long wrong_block(void) { return wrong_bytes(into, bytes, rank); }

static long wrong_blocks(void) {
  long wrong = 0;
  for (int r = 0; r < size; r++) wrong += wrong_bytes(into + r * bytes, bytes, r);
  return wrong;
}

static long wrong_blocks_at_root(void) { return rank == last ? wrong_blocks() : 0; }

static void setup_sums(long b) {
  length = b / sizeof(double);
  x = summands(length);
  sum = allocate(b);
  start = 0;
}

static void setup_reduce_scatter(long b) {
  setup_sums(b);
  counts = allocate(size * sizeof(int));
  for (int r = 0; r < size; r++) counts[r] = length / size + (r < length % size);
  for (int r = 0; r < rank; r++) start += counts[r];
}

static void cleanup_sums(void) {
  free(x);
  free(sum);
}

static void cleanup_reduce_scatter(void) {
  cleanup_sums();
  free(counts);
}

static void clear_sums(void) {
  for (long i = 0; i < length; i++) sum[i] = -1;
}
static long wrong_sum(void) { return wrong_sums(sum, length, 0); }
static long wrong_sum_at_root(void) { return rank == last ? wrong_sum() : 0; }
static long wrong_part(void) { return wrong_sums(sum, counts[rank], start); }

static void barrier(long turns) {
  for (long i = 0; i < turns; i++) MPI_Barrier(MPI_COMM_WORLD);
}

static void clear_bcast(void) {
  if (rank == 0) fill_pattern(into, bytes, 0);
  else clear_block();
}
static long wrong_bcast(void) { return wrong_bytes(into, bytes, 0); }

static void bcast(long turns) {
  for (long i = 0; i < turns; i++) MPI_Bcast(into, bytes, MPI_BYTE, i % size, MPI_COMM_WORLD);
}

static void allreduce(long turns) {
  for (long i = 0; i < turns; i++) MPI_Allreduce(x, sum, length, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void reduce(long turns) {
  for (long i = 0; i < turns; i++) {
    last = i % size;
    MPI_Reduce(x, sum, length, MPI_DOUBLE, MPI_SUM, last, MPI_COMM_WORLD);
  }
}

static void reduce_scatter(long turns) {
  for (long i = 0; i < turns; i++) MPI_Reduce_scatter(x, sum, counts, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void allgather(long turns) {
  for (long i = 0; i < turns; i++)
    MPI_Allgather(out, bytes, MPI_BYTE, into, bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static void alltoall(long turns) {
  for (long i = 0; i < turns; i++) MPI_Alltoall(out, bytes, MPI_BYTE, into, bytes, MPI_BYTE, MPI_COMM_WORLD);
}

static void gather(long turns) {
  for (long i = 0; i < turns; i++) {
    last = i % size;
    MPI_Gather(out, bytes, MPI_BYTE, into, bytes, MPI_BYTE, last, MPI_COMM_WORLD);
  }
}

static void scatter(long turns) {
  for (long i = 0; i < turns; i++)
    MPI_Scatter(out, bytes, MPI_BYTE, into, bytes, MPI_BYTE, i % size, MPI_COMM_WORLD);
}

const struct benchmark collectives[] = {
    {"barrier", NULL, barrier, NULL, NULL, NULL, 1},
    {"bcast", setup_bcast, bcast, clear_bcast, wrong_bcast, cleanup_blocks, 1},
    {"allreduce", setup_sums, allreduce, clear_sums, wrong_sum, cleanup_sums, 1},
    {"iallreduce", setup_sums, allreduce, clear_sums, wrong_sum, cleanup_sums, 1},
    {"reduce", setup_sums, reduce, clear_sums, wrong_sum_at_root, cleanup_sums, 1},
    {"reduce_scatter", setup_reduce_scatter, reduce_scatter, clear_sums, wrong_part, cleanup_reduce_scatter, 1},
    {"allgather", setup_gather, allgather, clear_blocks, wrong_blocks, cleanup_blocks, 1},
    {"alltoall", setup_alltoall, alltoall, clear_blocks, wrong_blocks, cleanup_blocks, 1},
    {"gather", setup_gather, gather, clear_blocks, wrong_blocks_at_root, cleanup_blocks, 1},
    {"scatter", setup_scatter, scatter, clear_block, wrong_block, cleanup_blocks, 1},
    {NULL},
};

/* Computation between the start and the end of an allreduce. */

static volatile double sink;
static long steps;

static void compute(long n) {
  double y = 1 + 1e-300 * sink; /* volatile: not to be moved out of what is timed */
  for (long i = 0; i < n; i++) y = y * 0.999999 + 1e-6;
  sink += y;
}

void compute_only(long turns) { compute(steps * turns); }

void compute_as_long_as(double seconds) {
  const long STEPS = 1000000;
  double least = INFINITY;
  for (int k = 0; k < 5; k++) {
    double begin = MPI_Wtime();
    compute(STEPS);
    least = fmin(least, MPI_Wtime() - begin);
  }
  steps = ceil(seconds / (least / STEPS));
}

void allreduce_and_compute(long turns) {
  MPI_Request request;
  for (long i = 0; i < turns; i++) {
    MPI_Iallreduce(x, sum, length, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request);
    compute(steps);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  }
}
