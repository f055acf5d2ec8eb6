import { test } from "tap";
import { readStep } from "../../launcher/step.js";

const step = {
  SLURM_JOB_ID: "7",
  SLURM_STEP_ID: "0",
  SLURM_SRUN_COMM_PORT: "4711",
  SLURM_STEP_NUM_TASKS: "5",
  SLURM_STEP_NODELIST: "n[1-2]",
  SLURM_STEP_TASKS_PER_NODE: "3,2",
  SLURM_CPUS_ON_NODE: "8",
  SLURM_LAUNCH_NODE_IPADDR: "10.0.0.9",
};

void test("tasks of srun know where all others are, in blocks or in turn", async (t) => {
  const second = { ...step, SLURM_NODEID: "1" };
  const block = readStep({ ...second, SLURM_PROCID: "4", SLURM_GTIDS: "3,4" });
  t.match(block, { rank: 4, size: 5, hosts: ["n1", "n2"], hostOf: [0, 0, 0, 1, 1], beside: [3, 4], cpus: 8 });
  t.equal(block?.name, "7-0-4711");
  const cyclic = readStep({ ...second, SLURM_PROCID: "1", SLURM_GTIDS: "1,3" });
  t.match(cyclic, { hostOf: [0, 1, 0, 1, 0], beside: [1, 3] });
  t.throws(() => readStep({ ...second, SLURM_PROCID: "1", SLURM_GTIDS: "1,2" }), {
    message: /srun has put tasks 1,2 on host 1; use srun --distribution=block or cyclic/,
  });
});

void test("a single task, and a batch script, are no step", async (t) => {
  t.equal(readStep({}), undefined);
  t.equal(readStep({ SLURM_JOB_ID: "7", SLURM_PROCID: "0" }), undefined);
  t.equal(readStep({ ...step, SLURM_STEP_NUM_TASKS: "1", SLURM_PROCID: "0" }), undefined);
});
