/** Kills, damage at random places and a disk that is really full. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { SpoolError } from "./errors.ts";
import { Spool } from "./spool.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ft-spool-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const info = { rows: 1, coveredFromMs: 1, coveredToMs: 2 };
/** Bytes that tell their sequence and whether they are whole. */
function payload(n: number): Uint8Array {
  return new Uint8Array(20 + ((n * 37) % 400)).fill(n & 0xff);
}
const openSpool = (path: string, maxBytes = 1 << 20): Spool => {
  const spool = new Spool({ dir: path, maxBytes, maxSegmentBytes: 2000 });
  spool.open();
  return spool;
};
function takeAll(spool: Spool): number[] {
  const taken: number[] = [];
  for (let batch = spool.next(); batch; batch = spool.next()) {
    expect([...batch.bytes]).toEqual([...payload(batch.sequence)]);
    taken.push(batch.sequence);
    spool.acknowledge(batch.sequence);
  }
  return taken;
}

type Fault = { file: number; at: number; kind: "truncate" | "flip" | "zero" };
const faults: fc.Arbitrary<Fault> = fc.record({
  file: fc.nat(20),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("truncate", "flip", "zero"),
});

/** Damages a segment. */
function inflict({ file, at, kind }: Fault, path: string): void {
  const names = readdirSync(path)
    .filter((name) => name.endsWith(".seg"))
    .sort();
  const target = join(path, names[file % names.length] ?? "");
  const size = statSync(target).size;
  if (size === 0) return;
  const offset = Math.min(size - 1, Math.floor(at * size));
  const bytes = readFileSync(target);
  if (kind === "flip") bytes[offset] = (bytes[offset] ?? 0) ^ 0x40;
  else bytes.fill(0, offset, Math.min(size, offset + 200));
  writeFileSync(target, kind === "truncate" ? bytes.subarray(0, offset) : bytes);
}

describe("a spool damaged at random", () => {
  it("never gives a wrong batch, keeps the order, and accounts for every batch it gave out a number for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.nat(40),
        fc.array(faults, { minLength: 1, maxLength: 3 }),
        (count, acknowledged, list) => {
          const path = mkdtempSync(join(dir, "run-"));
          const first = openSpool(path);
          for (let n = 1; n <= count; n++) first.append(payload(n), info);
          const done = Math.min(acknowledged, count);
          for (let n = 1; n <= done; n++) first.acknowledge(first.next()?.sequence ?? 0);
          first.close();
          for (const fault of list) inflict(fault, path);

          const spool = openSpool(path);
          const next = spool.append(payload(0), info);
          // What was sent may not have its number given to another; a last record that was cut short was never sent.
          expect(next).toBeGreaterThan(done);
          const taken: number[] = [];
          const waiting = () => spool.nextFew(1 + (taken.length % 4), 600).filter((batch) => batch.sequence !== next);
          for (let few = waiting(); few.length > 0; few = waiting()) {
            for (const batch of few) {
              expect([...batch.bytes]).toEqual([...payload(batch.sequence)]);
              taken.push(batch.sequence);
              spool.acknowledge(batch.sequence);
            }
          }
          expect(spool.next()?.sequence).toBe(next);
          expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
          expect(taken[0] ?? done + 1).toBeGreaterThan(done);
          const lost = spool.takeLosses()?.batches ?? 0;
          expect(taken.length + lost).toBe(next - 1 - done);
          spool.close();
          rmSync(path, { recursive: true });
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("a spool whose process is killed", () => {
  it("holds every batch whose append had returned, again and again", async () => {
    const script = `
      import { Spool } from ${JSON.stringify(join(import.meta.dirname, "spool.ts"))};
      const spool = new Spool({ dir: process.argv[1], maxBytes: 1 << 26, maxSegmentBytes: 4000 });
      spool.open();
      for (let n = spool.lastSequence + 1; ; n++) {
        spool.append(new Uint8Array(20 + ((n * 37) % 400)).fill(n & 0xff), { rows: 1, coveredFromMs: 1, coveredToMs: 2 });
        process.stdout.write(n + "\\n");
        if (n % 7 === 0) spool.checkpoint(new Uint8Array(5000));
      }`;
    let told = 0;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, dir], { stdio: ["ignore", "pipe", "inherit"] });
      const enough = told + 20 + round * 31;
      let output = "";
      for await (const chunk of child.stdout) {
        output += String(chunk);
        told = Number(output.split("\n").at(-2));
        if (told > enough) child.kill("SIGKILL");
      }
      expect(told).toBeGreaterThan(enough);
    }
    const spool = openSpool(dir, 1 << 26);
    // One more than was told may be there: the process died before it could tell.
    expect(spool.lastSequence - told).toBeOneOf([0, 1]);
    expect(takeAll(spool)).toEqual(Array.from({ length: spool.lastSequence }, (_, i) => i + 1));
    spool.close();
  });
});

describe.skipIf(!needs("the spool on a full disk", "root"))("a spool on a full disk", () => {
  const SIZE = 256 * 1024;
  beforeEach(() => {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "ft-spool-test", dir]);
  });
  afterEach(() => {
    execFileSync("umount", [dir]);
  });

  it("refuses a batch with a clear error, keeps what it has, and goes on when there is room again", () => {
    const path = join(dir, "spool");
    const spool = new Spool({ dir: path, maxBytes: 1 << 20, maxSegmentBytes: 60_000 });
    spool.open();
    for (let n = 1; n <= 5; n++) spool.append(payload(n), info);
    spool.checkpoint(payload(5));
    mkdirSync(join(dir, "other"));
    fill(join(dir, "other", "ballast"));

    let failure: unknown;
    let appended = 5;
    try {
      for (; appended < 100; appended++) spool.append(new Uint8Array(3000).fill(1), info);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(SpoolError);
    expect((failure as SpoolError).data).toMatchObject({ code: "SPOOL_DISK_FULL", errno: "ENOSPC" });
    expect((failure as SpoolError).message).toContain(`cannot write a batch to ${path}: no space left on the disk`);
    expect(() => spool.append(new Uint8Array(3000), info)).toThrow(SpoolError);
    expect(() => spool.checkpoint(new Uint8Array(50_000))).toThrow(/no space left/);
    expect(spool.stats.appendErrors).toBe(2);

    // Taking batches needs no space, and the checkpoint before is still whole.
    for (let n = 1; n <= 3; n++) spool.acknowledge(spool.next()?.sequence ?? 0);
    expect(spool.stats.cleanupErrors).toBe(0);
    spool.close();
    const again = new Spool({ dir: path, maxBytes: 1 << 20, maxSegmentBytes: 60_000 });
    expect(again.open()).toMatchObject({ batches: appended - 3, damage: [], checkpoint: "ok" });
    expect(again.next()?.sequence).toBe(4);
    expect(() => again.append(new Uint8Array(3000), info)).toThrow(SpoolError);

    rmSync(join(dir, "other"), { recursive: true });
    expect(again.append(payload(appended + 1), info)).toBe(appended + 1);
    let count = 0;
    for (let batch = again.next(); batch; batch = again.next(), count++) again.acknowledge(batch.sequence);
    expect(count).toBe(appended - 3 + 1);
    expect(again.takeLosses()).toBeNull();
    again.close();
  });

  it("says at the start that the disk is full", () => {
    fill(join(dir, "ballast"));
    const spool = new Spool({ dir: join(dir, "spool"), maxBytes: 1 << 20, maxSegmentBytes: 60_000 });
    expect(() => spool.open()).toThrow(/no space left on the disk/);
  });

  function fill(path: string): void {
    for (let i = 0; ; i++) {
      try {
        writeFileSync(`${path}-${i}`, new Uint8Array(4096));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
        return;
      }
    }
  }
});
