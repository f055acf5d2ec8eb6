/** Prints what it is told to, on one rank or on all, and ends at once. */
import { existsSync } from "node:fs";

const rank = Number(process.env["TSMPI_RANK"]);
const [, , what = "", who = "all", code = "3"] = process.argv;
const mine = who === "all" || Number(who) === rank;

if (what === "megabytes") {
  if (mine) process.stdout.write("x".repeat(3e6) + `\nend of ${rank}\n`);
  process.exit(0);
}
if (what === "streams") {
  console.log(`out of ${rank}`);
  console.error(`err of ${rank}`);
}
if (what === "same") {
  const { init } = await import("tsmpi");
  await (await init()).barrier(); // what they say within a second is one line
  console.error("could not open the file");
}
if (what === "die") {
  console.error(`rank ${rank} is unhappy`);
  if (mine) process.exit(Number(code));
}
// Until a file is there.
while (what === "last" && mine && !existsSync(code)) await new Promise((resolve) => setTimeout(resolve, 20));
if (what === "signal") {
  process.on("SIGUSR1", () => {
    console.log(`rank ${rank} got SIGUSR1`);
    process.exit(0);
  });
  console.log("ready");
  setInterval(() => undefined, 1000);
}
