#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv) {
  int rank, one = 1, ranks;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Allreduce(&one, &ranks, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) printf("hello from %d ranks\n", ranks);
  MPI_Finalize();
}
