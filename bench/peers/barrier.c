#include "timing.h"

static void repeat(long count) {
  for (long i = 0; i < count; i++) MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  report(0, seconds_per_operation(repeat, argv));
  MPI_Finalize();
}
