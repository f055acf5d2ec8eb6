import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { environment } from "./environment.js";
import { exitCodes } from "./errors.js";
import { appearing } from "./offered-memory.js";
import { leavePrivateFolder, privateFolder } from "./session.js";
import type { AgentConfig } from "./start-agent.js";
import type { Step } from "./step.js";
import { hasCode, messageOf } from "../src/thrown.js";

/** srun starts all tasks at about the same time; a file on a shared disk may take seconds to be seen. */
export const MEET_MS = 60_000;

/** Why a task has not come to where tasks meet. */
export interface Absence {
  readonly rank: number;
  /** With what the others are to end. */
  readonly code: number;
  readonly text: string;
}

/** Another task has failed before all had met, and has said so itself. */
export class OtherTaskFailed extends Error {
  readonly exitCode: number;

  constructor({ code }: Absence) {
    super();
    this.exitCode = code;
  }
}

/** The files by which the tasks of a step find each other. Only this user can read them. */
export class StepFiles {
  /** Configurations of all tasks, with their keys, on a disk that all hosts share. */
  readonly #meeting: string;
  /** What a task that fails before it has met the others leaves for them. */
  readonly #absence: string;
  readonly #step: Step;
  readonly #own: string[] = [];
  /** All tasks have met. */
  met = false;
  /** This task has told others that they wait in vain. */
  tells = false;

  constructor(step: Step) {
    const { name, hosts } = step;
    this.#step = step;
    const shared = hosts.length > 1 ? join(homedir(), ".cache", "tsmpi") : privateFolder();
    this.#meeting = resolve(environment.keyFile ?? join(shared, `step-${name}`));
    this.#absence = join(dirname(this.#meeting), `absent-${name}`);
    mkdirSync(dirname(this.#meeting), { recursive: true, mode: 0o700 });
  }

  /** Tells all tasks where to come; nobody sees half of it. */
  publish(configs: readonly AgentConfig[]): void {
    this.#own.push(this.#meeting, this.#absence);
    const unfinished = `${this.#meeting}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify(configs), { mode: 0o600, flag: "wx" });
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, this.#meeting);
  }

  /**
   * Waits for what the first task publishes.
   *
   * @throws {OtherTaskFailed} If one of the tasks will not come.
   * @throws {Error} If nothing is published in time.
   */
  async config(): Promise<AgentConfig> {
    const text = await this.appearing(this.#meeting).catch((error: unknown) => {
      if (error instanceof OtherTaskFailed) throw error;
      const reason = messageOf(error);
      throw new Error(`${reason}; set TSMPI_KEYFILE to a path that all hosts of the job share`);
    });
    return parseConfigs(text)[this.#step.rank];
  }

  /** Where the first task of this host offers its memory; hosts may share even their temporary folder. */
  memory(): string {
    const { name, hostOf, rank, beside } = this.#step;
    const file = join(privateFolder(), `memory-${name}-${hostOf[rank]}`);
    if (rank === beside[0]) this.#own.push(file);
    return file;
  }

  /** The content of a file that another task will write, unless one will not come. */
  async appearing(file: string): Promise<string> {
    return appearing(file, MEET_MS, () => this.check());
  }

  /** @throws {OtherTaskFailed} If one of the tasks will not come. */
  check(): void {
    const { absence } = this;
    if (absence !== undefined) throw new OtherTaskFailed(absence);
  }

  /** The first task to say that it will not come. */
  get absence(): Absence | undefined {
    try {
      return parseAbsence(readFileSync(this.#absence, "utf8"));
    } catch {
      return undefined; // there is none
    }
  }

  /**
   * Tells the others that they wait in vain for a task; the first to do so is heard.
   *
   * @returns Whether this task has to tell the user: the first one does if there is one.
   */
  fail(text: string, rank = this.#step.rank, code: number = exitCodes.launcher): boolean {
    if (this.met) return true;
    try {
      // Who reads half of it reads it again.
      writeFileSync(this.#absence, JSON.stringify({ rank, text, code }), { mode: 0o600, flag: "wx" });
    } catch (error) {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    }
    this.tells = this.#step.rank === 0 || !existsSync(this.#meeting);
    if (this.tells) this.#own.push(this.#absence);
    return this.tells;
  }

  /** Removes those of this task. */
  remove(): void {
    for (const file of this.#own) rmSync(file, { force: true });
    leavePrivateFolder();
  }
}

const parseConfigs: (json: string) => AgentConfig[] = JSON.parse;
const parseAbsence: (json: string) => Absence = JSON.parse;
