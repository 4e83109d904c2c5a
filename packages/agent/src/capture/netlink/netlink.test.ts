import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CaptureError } from "../errors.ts";
import { EAFNOSUPPORT, EINVAL, ENOENT, EPERM, EPROTONOSUPPORT, NLM_F_ACK } from "./constants.ts";
import { socketDrops } from "./drops.ts";
import { captureError, noConntrack } from "./errno.ts";
import { conntrackFilter } from "./filter.ts";
import { forEachMessage, type Message } from "./messages.ts";
import { MessageWriter } from "./writer.ts";

describe("errno to errors", () => {
  it("says what to do", () => {
    expect(captureError("bind(netlink)", EPERM)).toMatchObject({
      code: "CAPTURE_NO_PRIVILEGE",
      data: { call: "bind(netlink)", errno: 1 },
      message: expect.stringMatching(
        /^needs CAP_NET_ADMIN: run the agent as root.*bind\(netlink\): Operation not permitted \(errno 1\)$/,
      ),
    });
    // No kernel here is without conntrack.
    for (const errno of [EPROTONOSUPPORT, ENOENT, EAFNOSUPPORT]) {
      expect(captureError("socket", errno)).toMatchObject({
        code: "CAPTURE_NO_CONNTRACK",
        message: expect.stringMatching(/^kernel without conntrack: load nf_conntrack .*modprobe/),
      });
    }
    expect(noConntrack("conntrack dump", EINVAL)).toMatchObject({ code: "CAPTURE_NO_CONNTRACK" });
    expect(captureError("send", 12)).toMatchObject({
      code: "CAPTURE_NETLINK",
      message: "the kernel refused send: Cannot allocate memory (errno 12)",
    });
    expect(captureError("send", 12)).toBeInstanceOf(CaptureError);
  });
});

describe("MessageWriter", () => {
  it("writes headers, attributes, nests and padding as netlink wants them", () => {
    const writer = new MessageWriter();
    writer.message(0x0101, NLM_F_ACK, 7, 2, 10);
    writer.nest(1, () => {
      writer.u8(1, 17);
      writer.be16(2, 53);
    });
    writer.be32(3, 0x01020304);
    writer.text(4, "abc");
    writer.words(5, Uint32Array.of(9, 0x0a000001), 1, 1);
    expect(Buffer.from(writer.bytes()).toString("hex")).toBe(
      [
        "40000000",
        "0101",
        "0500",
        "07000000",
        "00000000",
        "0200000a",
        "14000180",
        "0500010011000000",
        "0600020000350000",
        "0800030001020304",
        "0800040061626300",
        "080005000a000001",
      ].join(""),
    );
  });

  it("starts again after a reset, and leaves nothing of before in the padding", () => {
    const writer = new MessageWriter();
    writer.message(1, 0, 1, 2);
    writer.be32(1, 0xffffffff);
    writer.reset();
    writer.message(1, 0, 1, 2);
    writer.u8(1, 1);
    expect(writer.bytes()).toHaveLength(28);
    expect(Buffer.from(writer.bytes()).toString("hex").slice(40)).toBe("0500010001000000");
  });
});

describe("forEachMessage", () => {
  const visited = (datagram: Buffer): { type: number; errno: number; text: string; number: number }[] => {
    const result: { type: number; errno: number; text: string; number: number }[] = [];
    forEachMessage(datagram, datagram.length, (message: Message) => {
      result.push({ type: message.type, errno: message.errno(), text: message.text(1), number: message.be32(2) });
      return true;
    });
    return result;
  };
  const two = (): Buffer => {
    const writer = new MessageWriter();
    writer.message(0x0a00, 0, 1, 1);
    writer.text(1, "flowtrail");
    writer.be32(2, 2);
    writer.message(0x0a00, 0, 1, 1);
    return Buffer.from(writer.bytes());
  };

  it("reads what the writer wrote", () => {
    expect(visited(two())).toEqual([
      { type: 0x0a00, errno: 0, text: "flowtrail", number: 2 },
      { type: 0x0a00, errno: 0, text: "", number: 0 },
    ]);
  });

  it("takes whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 70 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        fc.nat({ max: 80 }),
        (edits, cut) => {
          const bytes = two().subarray(0, cut);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          expect(visited(bytes).length).toBeLessThanOrEqual(4);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("conntrackFilter", () => {
  it("only jumps forward, to an instruction of its own, and always ends", () => {
    const program = Buffer.from(conntrackFilter());
    const count = program.length / 8;
    for (let i = 0; i < count; i++) {
      const isJump = (program.readUInt16LE(i * 8) & 7) === 5;
      const furthest = isJump ? Math.max(program.readUInt8(i * 8 + 2), program.readUInt8(i * 8 + 3)) : 0;
      expect(i + 1 + furthest, `instruction ${i}`).toBeLessThan(count + (program.readUInt16LE(i * 8) === 6 ? 1 : 0));
    }
    expect(program.readUInt16LE((count - 1) * 8), "BPF_RET").toBe(6);
  });
});

describe("socketDrops", () => {
  let directory = "";
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "ft-cap-"));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("finds the socket by its inode", () => {
    const path = join(directory, "netlink");
    writeFileSync(
      path,
      "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n" +
        "000000009 12  4242       00000007 0        0        0     2        345      28371   \n" +
        "000000008 0   0          00000000 0        0        0     2        7        2837    \n",
    );
    expect(socketDrops("28371", path)).toBe(345);
    expect(socketDrops("2837", path)).toBe(7);
    expect(socketDrops("283", path)).toBeNull();
  });
});
