/**
 * Loaded before every test file (.taprc). tap makes every process that a test starts, ranks included, trace itself:
 * that doubles their start-up time, and its signal handlers keep a rank in an endless loop alive.
 */
import processOnSpawn from "process-on-spawn";

delete process.env["NODE_OPTIONS"];
processOnSpawn.removeAllListeners();
