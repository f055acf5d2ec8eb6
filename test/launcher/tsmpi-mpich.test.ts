import { engines } from "../mpirun.js";
import { testEngine } from "./tsmpi-cases.js";

testEngine(engines[1]);
