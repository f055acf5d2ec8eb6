/* As programs/communication.ts: mpirun -n 2 communication 300 40 11 2000 latency:8,1024 allreduce:8 */
#include "harness.h"
#include <time.h>

void compute_as_long_as(double seconds);
void compute_only(long turns);
void allreduce_and_compute(long turns);

static const struct benchmark *find(const char *name) {
  const struct benchmark *lists[] = {point_to_point, collectives, halo_exchange};
  for (int i = 0; i < 3; i++)
    for (const struct benchmark *b = lists[i]; b->name; b++)
      if (strcmp(b->name, name) == 0) return b;
  fprintf(stderr, "no benchmark %s\n", name);
  MPI_Abort(MPI_COMM_WORLD, 2);
  return NULL;
}

static void run(const struct benchmark *b, long bytes, const struct effort *effort, int first) {
  char more[100] = "";
  int per_turn = b->per_turn < 0 ? WINDOW * (size / 2) : b->per_turn;
  if (b->setup) b->setup(bytes);
  long errors = run_once_and_check(b), all_errors;
  struct timing t = time_loop(b->repeat, per_turn, effort, first);
  errors += b->wrong ? b->wrong() : 0;
  if (strcmp(b->name, "iallreduce") == 0) {
    double pure = t.seconds;
    compute_as_long_as(pure);
    struct timing alone = time_loop(compute_only, 1, effort, 0);
    t = time_loop(allreduce_and_compute, 1, effort, 0);
    sprintf(more, ",\"pureSeconds\":%.9e,\"computeSeconds\":%.9e", pure, alone.seconds);
  }
  MPI_Allreduce(&errors, &all_errors, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  if (b->cleanup) b->cleanup();
  if (rank != 0) return;
  printf("{\"name\":\"%s\",\"bytes\":%ld,\"seconds\":%.9e,\"min\":%.9e,\"max\":%.9e,\"count\":%ld,\"errors\":%ld%s}\n",
         b->name, bytes, t.seconds, t.min, t.max, t.count, all_errors, more);
  fflush(stdout);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Barrier(MPI_COMM_WORLD);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct effort effort = {atof(argv[1]), atof(argv[2]), atoi(argv[3]), atof(argv[4])};
  for (int i = 5; i < argc; i++) {
    char *list = strchr(argv[i], ':');
    *list++ = 0;
    if (strcmp(argv[i], "init") == 0) {
      double ready = now.tv_sec * 1e3 + now.tv_nsec / 1e6;
      if (rank == 0) printf("{\"name\":\"init\",\"bytes\":0,\"seconds\":0,\"readyAt\":%.3f}\n", ready);
      continue;
    }
    const struct benchmark *b = find(argv[i]);
    int first = 1;
    for (char *text = strtok(list, ","); text; text = strtok(NULL, ",")) {
      run(b, atol(text), &effort, first);
      first = 0;
    }
  }
  MPI_Finalize();
}
