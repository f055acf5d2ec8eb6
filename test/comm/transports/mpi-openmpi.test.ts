import { engines } from "../../mpirun.js";
import { testEngine } from "./mpi-cases.js";

testEngine(engines[0]);
