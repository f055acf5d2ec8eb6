import { listOptions } from "./help-options.js";
import { reportKnobs } from "./report-options.js";

/** Topic of `--help` about what a job tells of itself. */
export const reportTopics: Readonly<Record<string, string>> = {
  reports: `
Reports

Where does a job hang? kill -QUIT tsmpirun's process, or Ctrl-\\, and it says what every rank is waiting for, and the job
goes on (npx itself ends at Ctrl-\\, and its job goes on in the background: kill -QUIT is better there). The same report
comes before --timeout ends a job, and after --wait. When a rank fails, the message says what the others were doing.

  "world", collective #41
    ranks 0-2,4-15 are in allreduce(sum, float64 × 1024)  solver.ts:91  await world.allreduce(r, { op: "sum" });
    rank 3 has not called it
  point to point
    rank 3 waits for a message from rank 2 with tag 5 on "world"  halo.ts:12  await world.recv({ source: 2, tag: 5 });
  rank 9 has been computing for 58 s, at assemble.ts:212  while (!converged) {

Ranks are ranks of the world. If some wait for each other in a ring, the report says so. A rank that computes, and whose
event loop does not turn, is interrupted in JavaScript, for about a millisecond, and goes on; in a library it cannot be
interrupted. A report takes a few milliseconds if all ranks wait, and one to three seconds if some compute.

--stats watches every call: its bytes are those of the arrays that are passed, and it waits from its await to its result.
--trace has the clocks of all hosts on one axis of time. Both come from what ranks hand over when they end; a rank that is
killed hands over nothing. Without them, calls are not watched and cost nothing.

${listOptions(reportKnobs)}
`,
};
