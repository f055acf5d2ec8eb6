/* As programs/point-to-point.ts. */
#include "harness.h"

static unsigned char *out, *back;
static long bytes;
static int partner, starts;

static void setup(long b) {
  bytes = b;
  partner = (rank + size / 2) % size;
  starts = rank < size / 2;
  out = allocate(b);
  back = allocate(b);
  fill_pattern(out, b, rank);
}

static void cleanup(void) {
  free(out);
  free(back);
}

static void clear(void) { memset(back, 0, bytes); }
static long wrong(void) { return wrong_bytes(back, bytes, partner); }
static long wrong_at_receivers(void) { return starts ? 0 : wrong(); }

static void ping_pong(long turns) {
  for (long i = 0; i < turns; i++) {
    if (starts) MPI_Send(out, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD);
    MPI_Recv(back, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (!starts) MPI_Send(out, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD);
  }
}

static void window(long turns) {
  MPI_Request requests[WINDOW];
  char acknowledgement[4];
  for (long i = 0; i < turns; i++) {
    if (starts) {
      for (int k = 0; k < WINDOW; k++)
        MPI_Isend(out, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[k]);
      MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
      MPI_Recv(acknowledgement, 4, MPI_BYTE, partner, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else {
      for (int k = 0; k < WINDOW; k++)
        MPI_Irecv(back, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[k]);
      MPI_Waitall(WINDOW, requests, MPI_STATUSES_IGNORE);
      MPI_Send(acknowledgement, 4, MPI_BYTE, partner, 1, MPI_COMM_WORLD);
    }
  }
}

static void both_ways(long turns) {
  MPI_Request requests[2 * WINDOW];
  for (long i = 0; i < turns; i++) {
    for (int k = 0; k < WINDOW; k++)
      MPI_Irecv(back, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[k]);
    for (int k = 0; k < WINDOW; k++)
      MPI_Isend(out, bytes, MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[WINDOW + k]);
    MPI_Waitall(2 * WINDOW, requests, MPI_STATUSES_IGNORE);
  }
}

const struct benchmark point_to_point[] = {
    {"latency", setup, ping_pong, clear, wrong, cleanup, 2},
    {"multi_lat", setup, ping_pong, clear, wrong, cleanup, 2},
    {"bw", setup, window, clear, wrong_at_receivers, cleanup, -1},
    {"mbw_mr", setup, window, clear, wrong_at_receivers, cleanup, -1},
    {"bibw", setup, both_ways, clear, wrong, cleanup, 2 * WINDOW},
    {NULL},
};
