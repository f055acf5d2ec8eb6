/* The same measurement as programs/harness.ts, in C. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int rank, size;

struct effort {
  double warm_up_ms, batch_ms;
  int batches;
  double budget_ms;
};

struct timing {
  double seconds, min, max;
  long count;
};

/* A benchmark: `setup` allocates for a message of so many bytes; what is NULL is left out. */
struct benchmark {
  const char *name;
  void (*setup)(long bytes);
  void (*repeat)(long turns);
  void (*clear)(void);
  long (*wrong)(void);
  void (*cleanup)(void);
  int per_turn; /* -1: a window of every pair */
};

struct timing time_loop(void (*repeat)(long), int per_turn, const struct effort *effort, int first);
long run_once_and_check(const struct benchmark *b);

void *allocate(long bytes);
void fill_pattern(unsigned char *to, long bytes, int of_rank);
long wrong_bytes(const unsigned char *values, long bytes, int of_rank);
double *summands(long length);
long wrong_sums(const double *values, long length, long start);

#define WINDOW 64

extern const struct benchmark point_to_point[], collectives[], halo_exchange[];
