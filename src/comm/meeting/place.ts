import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { env } from "../../env.js";
import { isOn } from "../../knobs.js";
import { messageOf } from "../../thrown.js";

/** Where ranks meet that no launcher of tsmpi has started, and who this one is. */
export interface Place {
  readonly rank: number;
  readonly size: number;
  /** Of the host of rank 0, by name or number. */
  readonly address: string;
  readonly port: number;
  /** By which ranks know each other, in hex. */
  readonly key: string;
  /** Whether they encrypt what they say. */
  readonly sealed: boolean;
  /** Whether whoever reaches the port can come as a rank, and this has been allowed. */
  readonly isOpen: boolean;
  readonly limitMs: number;
}

type Variables = { readonly [K in keyof typeof env.meeting]: string | undefined };

const LIMIT_S = 60;
const SECRET_CHARACTERS = 16;

/**
 * The place that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT name; `undefined` unless all of them are set. Local.
 *
 * Ranks prove to each other that they know the secret in TSMPI_SECRET_FILE, and encrypt what follows. Without one, only
 * ranks of one host can meet, at a loopback address; or any, if TSMPI_ENCRYPT=0 says that the network is trusted.
 *
 * @throws {RangeError} If one of the variables makes no sense.
 * @throws {Error} If there is no secret where one is needed, or others may know it.
 */
export function readPlace(variables: Variables = env.meeting): Place | undefined {
  const { rank, size, address, port, secretFile, encrypt = "1", startTimeout } = variables;
  if (rank === undefined || size === undefined || address === undefined || port === undefined)
    return undefined;
  const count = whole("WORLD_SIZE", size, 1, 2 ** 20);
  const secret = secretFile === undefined ? "" : readSecret(secretFile);
  const isPlain = isOn(encrypt) === false;
  if (secret === "" && !isPlain && !isLoopback(address) && count > 1)
    throw new Error(
      `init: ranks meet at MASTER_ADDR ${address}, where strangers could come, too: let TSMPI_SECRET_FILE name a file ` +
        `with a secret of ${SECRET_CHARACTERS} characters or more, the same on all hosts and readable by you alone; ` +
        "or start them with tsmpirun or srun npx tsmpi, which make keys; TSMPI_ENCRYPT=0: the network is trusted",
    );
  return {
    rank: whole("RANK", rank, 0, count - 1),
    size: count,
    address,
    port: whole("MASTER_PORT", port, 1, 65535),
    key: createHash("sha256").update(`tsmpi ${size}\n${secret}`).digest("hex"),
    sealed: secret !== "" && !isPlain,
    isOpen: secret === "" && !isLoopback(address),
    limitMs: 1000 * (startTimeout === undefined ? LIMIT_S : seconds(startTimeout)),
  };
}

/** Whether an address means this host to every host. Local, pure. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1|::ffff:127(\.\d+){3})$/.test(address);
}

function readSecret(file: string): string {
  try {
    const fd = openSync(file, "r");
    try {
      const { uid, mode } = fstatSync(fd);
      if (uid !== process.getuid?.() || (mode & 0o077) !== 0)
        throw new Error("it is another user's, or open to others; chmod 600 it");
      const secret = readFileSync(fd, "utf8").trim();
      if (secret.length < SECRET_CHARACTERS)
        throw new Error(`it has ${secret.length} characters, fewer than ${SECRET_CHARACTERS}`);
      return secret;
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new Error(`init: TSMPI_SECRET_FILE ${file}: ${messageOf(cause)}`, { cause });
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`init: ${name} is "${text}", no whole number from ${least} to ${most}`);
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new RangeError(`init: TSMPI_START_TIMEOUT is "${text}", no positive number of seconds`);
}
