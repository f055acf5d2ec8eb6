/* As programs/halo.ts. */
#include "harness.h"

static unsigned char *out[4], *into[4]; /* up 0, down 1, left 2, right 3 */
static int neighbours[4];
static long bytes;

static void setup(long b) {
  int rows = sqrt(size);
  while (size % rows) rows--;
  int columns = size / rows, row = rank / columns, column = rank % columns;
  neighbours[0] = row > 0 ? rank - columns : MPI_PROC_NULL;
  neighbours[1] = row < rows - 1 ? rank + columns : MPI_PROC_NULL;
  neighbours[2] = column > 0 ? rank - 1 : MPI_PROC_NULL;
  neighbours[3] = column < columns - 1 ? rank + 1 : MPI_PROC_NULL;
  bytes = b;
  for (int d = 0; d < 4; d++) {
    out[d] = allocate(b);
    into[d] = allocate(b);
    fill_pattern(out[d], b, 4 * rank + d);
  }
}

static void cleanup(void) {
  for (int d = 0; d < 4; d++) {
    free(out[d]);
    free(into[d]);
  }
}

static void clear(void) {
  for (int d = 0; d < 4; d++) memset(into[d], 0, bytes);
}

static long wrong(void) {
  long wrong = 0;
  for (int d = 0; d < 4; d++)
    if (neighbours[d] != MPI_PROC_NULL) wrong += wrong_bytes(into[d], bytes, 4 * neighbours[d] + (d ^ 1));
  return wrong;
}

static void exchange(long turns) {
  MPI_Request requests[8];
  for (long i = 0; i < turns; i++) {
    for (int d = 0; d < 4; d++)
      MPI_Irecv(into[d], bytes, MPI_BYTE, neighbours[d], d ^ 1, MPI_COMM_WORLD, &requests[d]);
    for (int d = 0; d < 4; d++)
      MPI_Isend(out[d], bytes, MPI_BYTE, neighbours[d], d, MPI_COMM_WORLD, &requests[4 + d]);
    MPI_Waitall(8, requests, MPI_STATUSES_IGNORE);
  }
}

const struct benchmark halo_exchange[] = {
    {"halo", setup, exchange, clear, wrong, cleanup, 1},
    {NULL},
};
