/* C side of bench/kernels.ts: what the machine's memory gives. Reads lines `name size ms`, answers with the best time of
 * a call in seconds; with `nan` for names that it does not know. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double sink;

static void run(const char *name, const double *restrict x, double *restrict y, size_t n) {
  if (!strcmp(name, "copy")) memcpy(y, x, n * sizeof *x);
  if (!strcmp(name, "axpy"))
    for (size_t i = 0; i < n; i++) y[i] += 1e-9 * x[i];
  if (!strcmp(name, "multiply"))
    for (size_t i = 0; i < n; i++) y[i] *= x[i];
  if (!strcmp(name, "scale"))
    for (size_t i = 0; i < n; i++) y[i] *= -1;
  if (!strcmp(name, "dot")) {
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0;
    for (size_t i = 0; i + 8 <= n; i += 8) {
      s0 += x[i] * y[i], s1 += x[i + 1] * y[i + 1], s2 += x[i + 2] * y[i + 2], s3 += x[i + 3] * y[i + 3];
      s4 += x[i + 4] * y[i + 4], s5 += x[i + 5] * y[i + 5], s6 += x[i + 6] * y[i + 6], s7 += x[i + 7] * y[i + 7];
    }
    sink += s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7;
  }
}

int main(void) {
  char name[64];
  long n;
  double ms;
  double *x = NULL, *y = NULL;
  long have = 0; /* elements of x and y, which are kept for the next turn */
  while (scanf(" %63[^\t]\t%ld\t%lf", name, &n, &ms) == 3) {
    if (!strstr("copy axpy multiply scale dot", name)) {
      printf("nan\n");
      fflush(stdout);
      continue;
    }
    if (n != have) {
      free(x), free(y);
      x = malloc(n * sizeof *x), y = malloc(n * sizeof *y);
      have = n;
    }
    for (long i = 0; i < n; i++) x[i] = y[i] = 1.0 / (i + 1);
    double best = 1e9, end = now() + ms / 1000;
    for (int k = 0; k < 3 || now() < end; k++) {
      double started = now();
      run(name, x, y, n);
      double took = now() - started;
      if (took < best) best = took;
    }
    printf("%.9g\n", best);
    fflush(stdout);
  }
  free(x), free(y);
  return sink == 42;
}
