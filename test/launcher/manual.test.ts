import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { test } from "tap";
import { program, tsmpirun } from "./tsmpirun.js";

const hosts = ["--launcher", "manual", "--host", "127.0.0.2:2,127.0.0.3:2"];

void test(
  "--launcher manual: a command for each host, and no key on it; the job runs when all have been started",
  { timeout: 150_000, skip: process.platform === "linux" ? false : "addresses of a loopback" },
  async (t) => {
    const commands: string[] = [];
    const { code, stdout, left } = await tsmpirun([...hosts, program("where.ts")], {
      started: ({ stderr }) => {
        let text = "";
        stderr?.on("data", (more: string) => {
          text += more;
          for (const [, command, file] of text.matchAll(/^ {2}(.* < (.*))\n/gm)) {
            if (commands.includes(command)) continue;
            commands.push(command);
            t.equal(statSync(file).mode & 0o777, 0o600, "for this user only");
            spawn("sh", ["-c", command], { stdio: "ignore" });
          }
        });
      },
    });
    t.equal(code, 0);
    t.equal(commands.length, 2);
    for (const command of commands) t.match(command, /^\S+ .+\/agent\.js'? --manual < [^<]+$/);
    t.match(stdout, /^0@127\.0\.0\.2 0\/2 0\/2 .*\n.*\n.*\n3@127\.0\.0\.3 1\/2 1\/2 /);
    t.same(left, [], "the files are gone");
  },
);

void test("--launcher manual: who does not come is named, and how many slots there are must be said", async (t) => {
  const late = await tsmpirun([...hosts, "--start-timeout", "1", program("where.ts")]);
  t.equal(late.code, 125);
  t.match(late.stderr, /2 of 2 hosts had no agent at the --start-timeout of 1 s/);
  t.same(late.left, []);
  const vague = await tsmpirun(["--launcher", "manual", "-f", "-", program("where.ts")], {
    input: "127.0.0.2\n",
  });
  t.match(vague, { code: 2, stderr: /127\.0\.0\.2 cannot be asked what it consists of; say how many slots/ });
});
