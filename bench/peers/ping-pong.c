#include "timing.h"

static char *out, *back;
static int bytes;

static void repeat(long count) {
  for (long i = 0; i < count; i++) {
    if (rank == 0) MPI_Send(out, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(back, bytes, MPI_BYTE, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(out, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (int i = 3; i < argc; i++) {
    bytes = atoi(argv[i]);
    out = calloc(bytes, 1);
    back = calloc(bytes, 1);
    report(bytes, seconds_per_operation(repeat, argv) / 2);
    free(out);
    free(back);
  }
  MPI_Finalize();
}
