#include "harness.h"

int rank, size;

static double timed(void (*repeat)(long), long turns) {
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  repeat(turns);
  double elapsed = (MPI_Wtime() - start) * 1000, slowest;
  MPI_Allreduce(&elapsed, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD); /* ranks go on alike */
  return slowest;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

struct timing time_loop(void (*repeat)(long), int per_turn, const struct effort *effort, int first) {
  double samples[1000], warm_up = first ? effort->warm_up_ms : effort->warm_up_ms / 4;
  long turns = 1;
  for (double spent = 0;;) {
    double elapsed = timed(repeat, turns);
    spent += elapsed;
    if (elapsed >= effort->batch_ms / 2 && spent >= warm_up) break;
    if (elapsed < effort->batch_ms) turns *= 2;
  }
  long count = turns * per_turn;
  int n = 0;
  for (double spent = 0; n < effort->batches && (n < 3 || spent < effort->budget_ms); n++) {
    double elapsed = timed(repeat, turns);
    spent += elapsed;
    samples[n] = elapsed / 1000 / count;
  }
  qsort(samples, n, sizeof(double), ascending);
  return (struct timing){samples[n / 2], samples[0], samples[n - 1], count};
}

/* Wrong elements that one turn leaves in spoilt receive buffers; spoils them again. */
long run_once_and_check(const struct benchmark *b) {
  if (b->clear) b->clear();
  b->repeat(1);
  long wrong = b->wrong ? b->wrong() : 0;
  MPI_Barrier(MPI_COMM_WORLD);
  if (b->clear) b->clear();
  return wrong;
}

void *allocate(long bytes) {
  void *memory = calloc(bytes > 0 ? bytes : 1, 1);
  if (!memory) {
    fprintf(stderr, "rank %d: no memory for %ld bytes\n", rank, bytes);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  return memory;
}

static unsigned char byte_at(int of_rank, long i) { return 131 * of_rank + 7 * i + 1; }

void fill_pattern(unsigned char *to, long bytes, int of_rank) {
  for (long i = 0; i < bytes; i++) to[i] = byte_at(of_rank, i);
}

long wrong_bytes(const unsigned char *values, long bytes, int of_rank) {
  long wrong = 0;
  for (long i = 0; i < bytes; i++) wrong += values[i] != byte_at(of_rank, i);
  return wrong;
}

double *summands(long length) {
  double *x = allocate(length * sizeof(double));
  for (long i = 0; i < length; i++) x[i] = rank + (i & 7);
  return x;
}

long wrong_sums(const double *values, long length, long start) {
  long wrong = 0;
  for (long i = 0; i < length; i++) wrong += values[i] != size * (size - 1) / 2 + size * ((start + i) & 7);
  return wrong;
}
