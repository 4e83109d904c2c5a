/** Recorded messages (`record-messages.ts`), and hands to make others of them. */
import { readFileSync } from "node:fs";

type Part = "dns" | "tls" | "quic" | "http";

const recorded: Record<Part, Record<string, string[]>> = JSON.parse(
  readFileSync(new URL("../fixtures/messages.json", import.meta.url), "utf8"),
);

export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"));

/** What one client sent: one message over TCP, or several datagrams. */
export function messages(part: Part, name: string): Uint8Array[] {
  const found = recorded[part][name];
  if (!found?.length || found.some((hex) => hex === "")) throw new Error(`nothing is recorded as ${part} ${name}`);
  return found.map(fromHex);
}

export const message = (part: Part, name: string): Uint8Array => messages(part, name)[0]!;

/** Every recorded message of a part. */
export function corpus(part: Part): Uint8Array[] {
  return Object.keys(recorded[part]).flatMap((name) => messages(part, name));
}

/** The bytes in the midst of others, as in a ring of packets; what a decoder reads beyond them is wrong. */
export function placed(bytes: Uint8Array, filler = 0xa5): { bytes: Uint8Array; offset: number; end: number } {
  const all = new Uint8Array(bytes.length + 96).fill(filler);
  all.set(bytes, 32);
  return { bytes: all, offset: 32, end: 32 + bytes.length };
}

export function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

export const word = (value: number): [number, number] => [value >> 8, value & 255];
