#include "timing.h"

static double *x, *sum;
static int length;

static void repeat(long count) {
  for (long i = 0; i < count; i++) MPI_Allreduce(x, sum, length, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 3; i < argc; i++) {
    length = atoi(argv[i]) / 8;
    x = calloc(length, sizeof(double));
    sum = calloc(length, sizeof(double));
    report(8L * length, seconds_per_operation(repeat, argv));
    free(x);
    free(sum);
  }
  MPI_Finalize();
}
