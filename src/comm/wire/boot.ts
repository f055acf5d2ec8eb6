import type { Builder, Offset } from "flatbuffers";
import type { Boot } from "../boot.js";
import * as wire from "./generated/control_generated.js";
import { transportOf } from "./values.js";

/** Writes what a rank is told of itself and the job. Local. */
export function writeBoot(b: Builder, boot: Boot): Offset {
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

/** Reads what a rank is told of itself and the job. Local. */
export function readBoot(boot: wire.Boot): Boot {
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
