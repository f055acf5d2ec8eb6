import { readFileSync } from "node:fs";
import { test } from "tap";
import { RankProcess } from "../../launcher/rank-process.js";
import type { Boot } from "../../src/comm/boot.js";
import { encodeFrame } from "../../src/comm/wire/frames.js";

const boot: Boot = {
  ...{ jobId: "job", rank: 0, size: 1, localRank: 0, localSize: 1, crowded: false, nodeRank: 0, nodes: 1 },
  ...{ host: "here", appnum: 0, attempt: 0, transport: "shm", hosts: [0], localRanks: [0], address: "" },
  ...{ segment: undefined, bells: undefined, curve: undefined, ports: undefined, key: "", silentMs: 1000 },
};
const failure = { rank: 0, code: 1, aborted: false, text: "the last words", lostPeer: undefined } as const;
const frame = Buffer.from(encodeFrame({ kind: "failure", ...failure })).toString("base64");
const lastWords = `require("fs").writeSync(3, Buffer.from("${frame}", "base64"))`;

void test(
  "the last words of a rank arrive, although it is written to when it has ended",
  { timeout: 90_000, skip: process.platform === "linux" ? false : "looks into /proc" },
  async (t) => {
    const heard: string[] = [];
    await new Promise<void>((drained) => {
      const rank = new RankProcess(
        {
          ...{ boot, command: [process.execPath, "-e", lastWords], foreign: true, environment: process.env },
          ...{ directory: process.cwd(), stdin: "ignore", raw: false, inherited: [] },
        },
        {
          message: (message) => heard.push(message.kind === "failure" ? message.text : message.kind),
          output: (_, bytes) => heard.push(String(Buffer.from(bytes))),
          exited: ({ code }) => heard.push(`exit code ${code}`),
          drained,
        },
      );
      // Nothing is read meanwhile: this process does nothing else.
      while (!readFileSync(`/proc/${rank.pid}/stat`, "utf8").includes(") Z ")) continue;
      rank.send(encodeFrame({ kind: "finalized" }));
      rank.send(encodeFrame({ kind: "finalized" }));
    });
    t.same(heard.slice(0, 1), ["the last words"]);
  },
);
