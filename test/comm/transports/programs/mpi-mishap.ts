// Programs that end in special ways, by name; the second argument is the rank to which it happens.
import { init, MpiError } from "tsmpi";

const world = await init();
const [, , what, victim] = process.argv;
const chosen = world.rank === Number(victim);

switch (what) {
  case "place":
    console.log(
      JSON.stringify([
        world.transport,
        world.rank,
        world.size,
        world.localRank,
        world.localSize,
        world.nodes,
      ]),
    );
    break;
  case "throw":
    if (chosen) throw new Error("something is wrong here");
    await world.recv({ source: Number(victim) });
    break;
  case "exit":
    if (chosen) process.exit(7);
    await world.barrier();
    break;
  case "abort":
    if (chosen) world.abort(9, "no use");
    await world.barrier();
    break;
  case "leave":
    // The others find out that what they wait for can never come.
    if (chosen) break;
    try {
      await world.recv({ source: Number(victim) });
    } catch (error) {
      console.log(error instanceof MpiError ? error.code : error);
    }
    break;
  case "exit-0":
    if (chosen) process.exit(0);
    console.log(
      await world.recv({ source: Number(victim) }).then(undefined, (error: MpiError) => error.code),
    );
    break;
  case "unawaited": {
    // What a rank still has to deliver at its end is delivered, large payloads too.
    const next = (world.rank + 1) % world.size;
    void world.send(new Float64Array(1e6).fill(world.rank), next);
    if (chosen) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
    const got = await world.recv<Float64Array>();
    console.log(`${world.rank} got ${got.length} of ${got[999_999]}`);
    break;
  }
  case "unmatched":
    void world.send("nobody asks for this", (world.rank + 1) % world.size);
    void world.recv({ tag: 99 });
    break;
  case "starve": {
    // A rank that waits still turns its event loop: one comes to the barrier when those that wait there have done so.
    const others = Array.from({ length: world.size }, (_, rank) => rank).filter(
      (rank) => rank !== world.rank,
    );
    let [turns, told] = [0, Promise.resolve()];
    const timer = setInterval(() => {
      if (++turns === 20 && !chosen) told = Promise.resolve(world.send(turns, Number(victim)));
    }, 5);
    if (chosen) for (const source of others) await world.recv({ source });
    await world.barrier();
    clearInterval(timer);
    await told;
    console.log("turned");
    break;
  }
}
