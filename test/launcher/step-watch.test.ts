import { test } from "tap";
import { endedTasks, parseTasks } from "../../launcher/step-watch.js";

const HEADING = "PID      JOBID    STEPID   LOCALID GLOBALID";
const step = { hosts: ["n1", "n2"], hostOf: [0, 0, 1, 1] };
const NONE = new Set<string>();

void test("tasks that run are those that Slurm lists with their numbers", async (t) => {
  const text = [
    `n2 ${HEADING}`,
    `n1 ${HEADING}`,
    "n1 60 7 0 0 0",
    "n2 71 7 0 1 3",
    "n1 64 7 0 - -",
    "n1 62 7 0 1 1",
  ];
  const seen = parseTasks(text.join("\n"));
  t.same([...(seen.get("n1") ?? [])], [0, 1]);
  t.same(endedTasks(step, seen, NONE), [2]);
});

void test("a host without tasks may not have got them yet: they have ended if it is seen a second time", async (t) => {
  const seen = parseTasks(
    `n1 ${HEADING}\nn1 60 7 0 0 0\nn1 61 7 0 1 1\nn2 StepId=7.0 does not exist on node (null).\nn2 ${HEADING}\n`,
  );
  t.same(endedTasks(step, seen, NONE), []);
  t.same(endedTasks(step, seen, new Set(["n2"])), [2, 3]);
});

void test("nothing is concluded from a host that has not answered, or cannot tell", async (t) => {
  const idle = new Set(step.hosts);
  for (const text of ["", "srun: error: no\n", `n2 Unable to connect to slurmstepd: denied\nn2 ${HEADING}`])
    t.same(endedTasks(step, parseTasks(text), idle), []);
});
