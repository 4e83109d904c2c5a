import { randomInt } from "node:crypto";

/** One question, recursion desired (RFC 1035 §4.1). */
export function encodeQuery(name: string, type: "A" | "AAAA"): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(randomInt(0x10000), 0);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  const end = Buffer.from([0, 0, type === "A" ? 1 : 28, 0, 1]);
  return Buffer.concat([header, ...labels, end]);
}
