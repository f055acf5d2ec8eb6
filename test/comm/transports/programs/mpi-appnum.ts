// Says which of several programs it is. All ranks of the job meet at a barrier when it ends.
import { init } from "tsmpi";

const { rank, appnum } = await init();
console.log(`${rank} is of program ${appnum}: ${process.argv[2]}`);
