import type { Builder, Offset } from "flatbuffers";
import { readBoot, writeBoot } from "./boot.js";
import * as wire from "./generated/control_generated.js";
import { answerKinds, type ControlMessage } from "./messages.js";
import { readStart, writeStart } from "./start.js";
import { list, strings } from "./values.js";

type Kind = ControlMessage["kind"];
type Of<K extends Kind> = Extract<ControlMessage, { readonly kind: K }>;

/** How messages of a kind travel: as a table of their own, in a field of Message; see control.fbs. */
export interface Codec<M extends ControlMessage> {
  /** `undefined` if the message is of another kind. */
  read(message: wire.Message): M | undefined;
  write(b: Builder, message: M): Offset;
  /** Puts the table into its field. */
  attach(b: Builder, table: Offset): void;
}

/** @param field - The table of a message, if it is of this kind. */
function codec<M extends ControlMessage, T>(
  field: (message: wire.Message) => T | null,
  read: (table: T) => M,
  write: (b: Builder, message: M) => Offset,
  attach: (b: Builder, table: Offset) => void,
): Codec<M> {
  return {
    read: (message) => {
      const table = field(message);
      return table === null ? undefined : read(table);
    },
    write,
    attach,
  };
}

const Message = wire.Message;

export const codecs: { readonly [K in Kind]: Codec<Of<K>> } = {
  boot: codec(
    (m) => m.boot(),
    (boot) => ({ kind: "boot", boot: readBoot(boot) }),
    (b, { boot }) => writeBoot(b, boot),
    (b, table) => Message.addBoot(b, table),
  ),
  hello: codec(
    (m) => m.hello(),
    (hello) => ({ kind: "hello", rank: hello.rank(), pid: hello.pid(), endpoint: hello.endpoint() ?? "" }),
    (b, { rank, pid, endpoint }) => wire.Hello.createHello(b, rank, pid, b.createString(endpoint)),
    (b, table) => Message.addHello(b, table),
  ),
  "address-book": codec(
    (m) => m.addressBook(),
    (book) => ({ kind: "address-book", endpoints: list(book.endpointsLength(), (i) => book.endpoints(i)) }),
    (b, { endpoints }) =>
      wire.AddressBook.createAddressBook(b, wire.AddressBook.createEndpointsVector(b, strings(b, endpoints))),
    (b, table) => Message.addAddressBook(b, table),
  ),
  finalize: codec(
    (m) => m.finalize(),
    (finalize) => ({ kind: "finalize", rank: finalize.rank() }),
    (b, { rank }) => wire.Finalize.createFinalize(b, rank),
    (b, table) => Message.addFinalize(b, table),
  ),
  finalized: codec(
    (m) => m.finalized(),
    () => ({ kind: "finalized" }),
    (b) => wire.Finalized.createFinalized(b, 0),
    (b, table) => Message.addFinalized(b, table),
  ),
  gone: codec(
    (m) => m.gone(),
    (gone) => ({ kind: "gone", ranks: [...(gone.ranksArray() ?? [])] }),
    (b, { ranks }) => wire.Gone.createGone(b, wire.Gone.createRanksVector(b, [...ranks])),
    (b, table) => Message.addGone(b, table),
  ),
  failure: codec(
    (m) => m.failure(),
    (failure) => ({
      kind: "failure",
      rank: failure.rank(),
      code: failure.code(),
      aborted: failure.aborted(),
      text: failure.text() ?? "",
      lostPeer: failure.lostPeer() < 0 ? undefined : failure.lostPeer(),
    }),
    (b, { rank, code, aborted, text, lostPeer = -1 }) =>
      wire.Failure.createFailure(b, rank, code, aborted, b.createString(text), lostPeer),
    (b, table) => Message.addFailure(b, table),
  ),
  "agent-hello": codec(
    (m) => m.agentHello(),
    (agent) => ({
      kind: "agent-hello",
      nodeRank: agent.nodeRank(),
      pid: agent.pid(),
      version: agent.version() ?? "",
      probe: agent.probe() ?? "",
    }),
    (b, { nodeRank, pid, ...texts }) => {
      const [version, probe] = strings(b, [texts.version, texts.probe]);
      return wire.AgentHello.createAgentHello(b, nodeRank, pid, version, probe);
    },
    (b, table) => Message.addAgentHello(b, table),
  ),
  probe: codec(
    (m) => m.probe(),
    (probe) => {
      const endpoints = list(probe.endpointsLength(), (i) => probe.endpoints(i));
      const targets = endpoints.map((endpoint, i) => ({ nodeRank: probe.nodeRanks(i) ?? 0, endpoint }));
      return { kind: "probe", targets };
    },
    (b, { targets }) => {
      const endpoints = targets.map(({ endpoint }) => b.createString(endpoint));
      const nodeRanks = targets.map(({ nodeRank }) => nodeRank);
      return wire.Probe.createProbe(
        b,
        wire.Probe.createNodeRanksVector(b, nodeRanks),
        wire.Probe.createEndpointsVector(b, endpoints),
      );
    },
    (b, table) => Message.addProbe(b, table),
  ),
  probed: codec(
    (m) => m.probed(),
    (probed) => {
      const reasons = list(probed.reasonsLength(), (i) => probed.reasons(i));
      const failures = reasons.map((reason, i) => ({ nodeRank: probed.nodeRanks(i) ?? 0, reason }));
      return { kind: "probed", failures };
    },
    (b, { failures }) => {
      const reasons = failures.map(({ reason }) => b.createString(reason));
      const nodeRanks = failures.map(({ nodeRank }) => nodeRank);
      return wire.Probed.createProbed(
        b,
        wire.Probed.createNodeRanksVector(b, nodeRanks),
        wire.Probed.createReasonsVector(b, reasons),
      );
    },
    (b, table) => Message.addProbed(b, table),
  ),
  start: codec(
    (m) => m.start(),
    (start) => ({ kind: "start", start: readStart(start) }),
    (b, { start }) => writeStart(b, start),
    (b, table) => Message.addStart(b, table),
  ),
  started: codec(
    (m) => m.started(),
    (started) => ({ kind: "started", rank: started.rank(), pid: started.pid() }),
    (b, { rank, pid }) => wire.Started.createStarted(b, rank, pid),
    (b, table) => Message.addStarted(b, table),
  ),
  output: codec(
    (m) => m.output(),
    (output) => ({
      kind: "output",
      rank: output.rank(),
      stream: output.stream() === 2 ? 2 : 1,
      bytes: output.bytesArray() ?? new Uint8Array(0),
      timeMs: output.timeMs(),
    }),
    (b, { rank, stream, bytes, timeMs }) =>
      wire.Output.createOutput(b, rank, stream, b.createByteVector(bytes), timeMs),
    (b, table) => Message.addOutput(b, table),
  ),
  input: codec(
    (m) => m.input(),
    (input) => ({ kind: "input", bytes: input.bytesArray() ?? new Uint8Array(0) }),
    (b, { bytes }) => wire.Input.createInput(b, b.createByteVector(bytes)),
    (b, table) => Message.addInput(b, table),
  ),
  "input-taken": codec(
    (m) => m.inputTaken(),
    () => ({ kind: "input-taken" }),
    (b) => wire.InputTaken.createInputTaken(b, 0),
    (b, table) => Message.addInputTaken(b, table),
  ),
  consumed: codec(
    (m) => m.consumed(),
    (consumed) => ({ kind: "consumed", bytes: consumed.bytes() }),
    (b, { bytes }) => wire.Consumed.createConsumed(b, bytes),
    (b, table) => Message.addConsumed(b, table),
  ),
  exited: codec(
    (m) => m.exited(),
    (exited) => ({
      kind: "exited",
      rank: exited.rank(),
      code: exited.code(),
      signal: exited.signal() ?? "",
      seconds: exited.seconds(),
      outOfMemory: exited.outOfMemory(),
    }),
    (b, { rank, code, signal, seconds, outOfMemory }) =>
      wire.Exited.createExited(b, rank, code, b.createString(signal), seconds, outOfMemory),
    (b, table) => Message.addExited(b, table),
  ),
  drained: codec(
    (m) => m.drained(),
    (drained) => ({ kind: "drained", nodeRank: drained.nodeRank() }),
    (b, { nodeRank }) => wire.Drained.createDrained(b, nodeRank),
    (b, table) => Message.addDrained(b, table),
  ),
  signal: codec(
    (m) => m.signal(),
    (signal) => ({ kind: "signal", name: signal.name() ?? "" }),
    (b, { name }) => wire.Signal.createSignal(b, b.createString(name)),
    (b, table) => Message.addSignal(b, table),
  ),
  stop: codec(
    (m) => m.stop(),
    (stop) => ({ kind: "stop", graceMs: stop.graceMs() }),
    (b, { graceMs }) => wire.Stop.createStop(b, graceMs),
    (b, table) => Message.addStop(b, table),
  ),
  inquiry: codec(
    (m) => m.inquiry(),
    (inquiry) => ({ kind: "inquiry", id: inquiry.id(), thorough: inquiry.thorough() }),
    (b, { id, thorough }) => wire.Inquiry.createInquiry(b, id, thorough),
    (b, table) => Message.addInquiry(b, table),
  ),
  answer: codec(
    (m) => m.answer(),
    (answer) => {
      const how = answerKinds.find((kind) => kind === answer.how()) ?? "silent";
      return { kind: "answer", rank: answer.rank(), id: answer.id(), how, state: answer.state() ?? "" };
    },
    (b, { rank, id, ...texts }) => {
      const [how, state] = strings(b, [texts.how, texts.state]);
      return wire.Answer.createAnswer(b, rank, id, how, state);
    },
    (b, table) => Message.addAnswer(b, table),
  ),
  record: codec(
    (m) => m.record(),
    (record) => {
      const what = record.what() === "trace" ? "trace" : "stats";
      return { kind: "record", rank: record.rank(), what, text: record.text() ?? "" };
    },
    (b, { rank, ...texts }) => {
      const [what, text] = strings(b, [texts.what, texts.text]);
      return wire.Record.createRecord(b, rank, what, text);
    },
    (b, table) => Message.addRecord(b, table),
  ),
  clock: codec(
    (m) => m.clock(),
    (clock) => ({ kind: "clock", id: clock.id(), ms: clock.ms() }),
    (b, { id, ms }) => wire.Clock.createClock(b, id, ms),
    (b, table) => Message.addClock(b, table),
  ),
  "agent-failed": codec(
    (m) => m.agentFailed(),
    (failed) => ({ kind: "agent-failed", code: failed.code(), text: failed.text() ?? "" }),
    (b, { code, text }) => wire.AgentFailed.createAgentFailed(b, code, b.createString(text)),
    (b, table) => Message.addAgentFailed(b, table),
  ),
  bye: codec(
    (m) => m.bye(),
    (bye) => ({ kind: "bye", code: bye.code() }),
    (b, { code }) => wire.Bye.createBye(b, code),
    (b, table) => Message.addBye(b, table),
  ),
  alive: codec(
    (m) => m.alive(),
    () => ({ kind: "alive" }),
    (b) => wire.Alive.createAlive(b, 0),
    (b, table) => Message.addAlive(b, table),
  ),
};
