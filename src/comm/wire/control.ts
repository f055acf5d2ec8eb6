import { Builder, ByteBuffer, type Offset } from "flatbuffers";
import type { Boot } from "../boot.js";
import * as wire from "./generated/control_generated.js";
import { answerKinds, type ControlMessage } from "./messages.js";
import { readStart, writeStart } from "./start.js";
import { list, strings, transportOf } from "./values.js";

/** Encodes a message as one FlatBuffer. Local. */
export function encode(message: ControlMessage): Uint8Array {
  const builder = new Builder(256);
  const table = build(builder, message);
  wire.Message.startMessage(builder);
  attach[message.kind](builder, table);
  builder.finish(wire.Message.endMessage(builder));
  return builder.asUint8Array();
}

/**
 * Decodes one message. Local.
 *
 * @throws {RangeError} If the bytes are not a control message.
 */
export function decode(encoded: Uint8Array): ControlMessage {
  // A copy: FlatBuffers reads vectors of numbers in place, which needs aligned memory.
  const message = wire.Message.getRootAsMessage(new ByteBuffer(new Uint8Array(encoded)));
  const boot = message.boot();
  if (boot) return { kind: "boot", boot: readBoot(boot) };
  const hello = message.hello();
  if (hello) return { kind: "hello", rank: hello.rank(), pid: hello.pid(), endpoint: hello.endpoint() ?? "" };
  const book = message.addressBook();
  if (book)
    return { kind: "address-book", endpoints: list(book.endpointsLength(), (i) => book.endpoints(i)) };
  const finalize = message.finalize();
  if (finalize) return { kind: "finalize", rank: finalize.rank() };
  if (message.finalized()) return { kind: "finalized" };
  const gone = message.gone();
  if (gone) return { kind: "gone", ranks: [...(gone.ranksArray() ?? [])] };
  const failure = message.failure();
  if (failure) {
    const lostPeer = failure.lostPeer();
    return {
      kind: "failure",
      rank: failure.rank(),
      code: failure.code(),
      aborted: failure.aborted(),
      text: failure.text() ?? "",
      lostPeer: lostPeer < 0 ? undefined : lostPeer,
    };
  }
  const agent = message.agentHello();
  if (agent) {
    return {
      kind: "agent-hello",
      nodeRank: agent.nodeRank(),
      pid: agent.pid(),
      version: agent.version() ?? "",
      probe: agent.probe() ?? "",
    };
  }
  const probe = message.probe();
  if (probe) {
    const endpoints = list(probe.endpointsLength(), (i) => probe.endpoints(i));
    const targets = endpoints.map((endpoint, i) => ({ nodeRank: probe.nodeRanks(i) ?? 0, endpoint }));
    return { kind: "probe", targets };
  }
  const probed = message.probed();
  if (probed) {
    const reasons = list(probed.reasonsLength(), (i) => probed.reasons(i));
    const failures = reasons.map((reason, i) => ({ nodeRank: probed.nodeRanks(i) ?? 0, reason }));
    return { kind: "probed", failures };
  }
  const start = message.start();
  if (start) return { kind: "start", start: readStart(start) };
  const started = message.started();
  if (started) return { kind: "started", rank: started.rank(), pid: started.pid() };
  const output = message.output();
  if (output) {
    const bytes = output.bytesArray() ?? new Uint8Array(0);
    const stream = output.stream() === 2 ? 2 : 1;
    return { kind: "output", rank: output.rank(), stream, bytes, timeMs: output.timeMs() };
  }
  const consumed = message.consumed();
  if (consumed) return { kind: "consumed", bytes: consumed.bytes() };
  const exited = message.exited();
  if (exited) {
    return {
      kind: "exited",
      rank: exited.rank(),
      code: exited.code(),
      signal: exited.signal() ?? "",
      seconds: exited.seconds(),
      outOfMemory: exited.outOfMemory(),
    };
  }
  const drained = message.drained();
  if (drained) return { kind: "drained", nodeRank: drained.nodeRank() };
  const signal = message.signal();
  if (signal) return { kind: "signal", name: signal.name() ?? "" };
  const stop = message.stop();
  if (stop) return { kind: "stop", graceMs: stop.graceMs() };
  const agentFailed = message.agentFailed();
  if (agentFailed) {
    return { kind: "agent-failed", code: agentFailed.code(), text: agentFailed.text() ?? "" };
  }
  const bye = message.bye();
  if (bye) return { kind: "bye", code: bye.code() };
  const input = message.input();
  if (input) return { kind: "input", bytes: input.bytesArray() ?? new Uint8Array(0) };
  if (message.inputTaken()) return { kind: "input-taken" };
  const inquiry = message.inquiry();
  if (inquiry) return { kind: "inquiry", id: inquiry.id(), thorough: inquiry.thorough() };
  const answer = message.answer();
  if (answer) {
    const how = answerKinds.find((kind) => kind === answer.how()) ?? "silent";
    return { kind: "answer", rank: answer.rank(), id: answer.id(), how, state: answer.state() ?? "" };
  }
  const record = message.record();
  if (record) {
    const what = record.what() === "trace" ? "trace" : "stats";
    return { kind: "record", rank: record.rank(), what, text: record.text() ?? "" };
  }
  const clock = message.clock();
  if (clock) return { kind: "clock", id: clock.id(), ms: clock.ms() };
  if (message.alive()) return { kind: "alive" };
  throw new RangeError(`control: ${encoded.length} bytes are no known message; use one version of tsmpi`);
}

function build(b: Builder, message: ControlMessage): Offset {
  switch (message.kind) {
    case "boot":
      return writeBoot(b, message.boot);
    case "hello": {
      const endpoint = b.createString(message.endpoint);
      return wire.Hello.createHello(b, message.rank, message.pid, endpoint);
    }
    case "address-book": {
      const endpoints = wire.AddressBook.createEndpointsVector(b, strings(b, message.endpoints));
      return wire.AddressBook.createAddressBook(b, endpoints);
    }
    case "finalize":
      return wire.Finalize.createFinalize(b, message.rank);
    case "finalized":
      return wire.Finalized.createFinalized(b, 0);
    case "gone": {
      const ranks = wire.Gone.createRanksVector(b, [...message.ranks]);
      return wire.Gone.createGone(b, ranks);
    }
    case "failure": {
      const { rank, code, aborted, lostPeer = -1 } = message;
      const text = b.createString(message.text);
      return wire.Failure.createFailure(b, rank, code, aborted, text, lostPeer);
    }
    case "agent-hello": {
      const [version, probe] = strings(b, [message.version, message.probe]);
      return wire.AgentHello.createAgentHello(b, message.nodeRank, message.pid, version, probe);
    }
    case "probe": {
      const { targets } = message;
      const endpoints = strings(
        b,
        targets.map(({ endpoint }) => endpoint),
      );
      return wire.Probe.createProbe(
        b,
        wire.Probe.createNodeRanksVector(
          b,
          targets.map(({ nodeRank }) => nodeRank),
        ),
        wire.Probe.createEndpointsVector(b, endpoints),
      );
    }
    case "probed": {
      const { failures } = message;
      const reasons = strings(
        b,
        failures.map(({ reason }) => reason),
      );
      return wire.Probed.createProbed(
        b,
        wire.Probed.createNodeRanksVector(
          b,
          failures.map(({ nodeRank }) => nodeRank),
        ),
        wire.Probed.createReasonsVector(b, reasons),
      );
    }
    case "start":
      return writeStart(b, message.start);
    case "started":
      return wire.Started.createStarted(b, message.rank, message.pid);
    case "output": {
      const bytes = b.createByteVector(message.bytes);
      return wire.Output.createOutput(b, message.rank, message.stream, bytes, message.timeMs);
    }
    case "input":
      return wire.Input.createInput(b, b.createByteVector(message.bytes));
    case "input-taken":
      return wire.InputTaken.createInputTaken(b, 0);
    case "consumed":
      return wire.Consumed.createConsumed(b, message.bytes);
    case "exited": {
      const { rank, code, seconds, outOfMemory } = message;
      const table = wire.Exited.createExited(
        b,
        rank,
        code,
        b.createString(message.signal),
        seconds,
        outOfMemory,
      );
      return table;
    }
    case "drained":
      return wire.Drained.createDrained(b, message.nodeRank);
    case "signal":
      return wire.Signal.createSignal(b, b.createString(message.name));
    case "stop":
      return wire.Stop.createStop(b, message.graceMs);
    case "inquiry":
      return wire.Inquiry.createInquiry(b, message.id, message.thorough);
    case "answer": {
      const [how, state] = strings(b, [message.how, message.state]);
      return wire.Answer.createAnswer(b, message.rank, message.id, how, state);
    }
    case "record": {
      const [what, text] = strings(b, [message.what, message.text]);
      return wire.Record.createRecord(b, message.rank, what, text);
    }
    case "clock":
      return wire.Clock.createClock(b, message.id, message.ms);
    case "agent-failed": {
      const text = b.createString(message.text);
      return wire.AgentFailed.createAgentFailed(b, message.code, text);
    }
    case "bye":
      return wire.Bye.createBye(b, message.code);
    case "alive":
      return wire.Alive.createAlive(b, 0);
  }
}

/** Puts a table into the field of Message that its kind names. */
const attach: Record<ControlMessage["kind"], (b: Builder, table: Offset) => void> = {
  boot: (b, table) => wire.Message.addBoot(b, table),
  hello: (b, table) => wire.Message.addHello(b, table),
  "address-book": (b, table) => wire.Message.addAddressBook(b, table),
  finalize: (b, table) => wire.Message.addFinalize(b, table),
  finalized: (b, table) => wire.Message.addFinalized(b, table),
  gone: (b, table) => wire.Message.addGone(b, table),
  failure: (b, table) => wire.Message.addFailure(b, table),
  "agent-hello": (b, table) => wire.Message.addAgentHello(b, table),
  probe: (b, table) => wire.Message.addProbe(b, table),
  probed: (b, table) => wire.Message.addProbed(b, table),
  start: (b, table) => wire.Message.addStart(b, table),
  started: (b, table) => wire.Message.addStarted(b, table),
  output: (b, table) => wire.Message.addOutput(b, table),
  consumed: (b, table) => wire.Message.addConsumed(b, table),
  exited: (b, table) => wire.Message.addExited(b, table),
  drained: (b, table) => wire.Message.addDrained(b, table),
  signal: (b, table) => wire.Message.addSignal(b, table),
  stop: (b, table) => wire.Message.addStop(b, table),
  "agent-failed": (b, table) => wire.Message.addAgentFailed(b, table),
  bye: (b, table) => wire.Message.addBye(b, table),
  input: (b, table) => wire.Message.addInput(b, table),
  "input-taken": (b, table) => wire.Message.addInputTaken(b, table),
  inquiry: (b, table) => wire.Message.addInquiry(b, table),
  answer: (b, table) => wire.Message.addAnswer(b, table),
  record: (b, table) => wire.Message.addRecord(b, table),
  clock: (b, table) => wire.Message.addClock(b, table),
  alive: (b, table) => wire.Message.addAlive(b, table),
};

function writeBoot(b: Builder, boot: Boot): Offset {
  const { segment, bells, curve } = boot;
  return wire.Boot.createBoot(
    b,
    b.createString(boot.jobId),
    boot.rank,
    boot.size,
    boot.localRank,
    boot.localSize,
    boot.nodeRank,
    boot.nodes,
    b.createString(boot.host),
    boot.appnum,
    boot.attempt,
    b.createString(boot.transport),
    wire.Boot.createLocalRanksVector(b, [...boot.localRanks]),
    segment?.fd ?? -1,
    segment?.bytes ?? 0,
    bells?.own ?? -1,
    wire.Boot.createBellRingVector(b, [...(bells?.ring ?? [])]),
    b.createString(curve?.publicKey ?? ""),
    b.createString(curve?.secretKey ?? ""),
    b.createString(boot.address),
    wire.Boot.createHostsVector(b, [...boot.hosts]),
    b.createString(boot.key),
    boot.silentMs,
    boot.ports?.first ?? 0,
    boot.ports?.last ?? 0,
    boot.crowded,
  );
}

function readBoot(boot: wire.Boot): Boot {
  const fd = boot.segmentFd();
  const own = boot.bellOwn();
  const publicKey = boot.publicKey() ?? "";
  return {
    jobId: boot.jobId() ?? "",
    rank: boot.rank(),
    size: boot.size(),
    localRank: boot.localRank(),
    localSize: boot.localSize(),
    nodeRank: boot.nodeRank(),
    nodes: boot.nodes(),
    host: boot.host() ?? "",
    appnum: boot.appnum(),
    attempt: boot.attempt(),
    transport: transportOf(boot.transport()),
    localRanks: [...(boot.localRanksArray() ?? [])],
    segment: fd < 0 ? undefined : { fd, bytes: boot.segmentBytes() },
    bells: own < 0 ? undefined : { own, ring: [...(boot.bellRingArray() ?? [])] },
    curve: publicKey === "" ? undefined : { publicKey, secretKey: boot.secretKey() ?? "" },
    address: boot.address() ?? "",
    hosts: [...(boot.hostsArray() ?? [])],
    key: boot.key() ?? "",
    silentMs: boot.silentMs(),
    ports: boot.firstPort() === 0 ? undefined : { first: boot.firstPort(), last: boot.lastPort() },
    crowded: boot.crowded(),
  };
}
