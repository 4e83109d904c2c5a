/** Classic BPF, written with labels. */

type Instruction = readonly [code: number, k: number, ifTrue?: string | undefined, ifFalse?: string];
/** A label, or an instruction whose jumps name labels; a jump that is left out goes on with the next instruction. */
export type Line = string | Instruction;

/** The program as the kernel takes it: struct sock_filter { u16 code; u8 jt; u8 jf; u32 k; } per instruction (<linux/filter.h>). */
export function assemble(lines: readonly Line[]): Uint8Array {
  const labels = new Map<string, number>();
  const instructions: Instruction[] = [];
  for (const line of lines) {
    if (typeof line === "string") labels.set(line, instructions.length);
    else instructions.push(line);
  }
  const bytes = Buffer.allocUnsafeSlow(instructions.length * 8);
  instructions.forEach(([code, k, ifTrue, ifFalse], i) => {
    const distance = (label: string | undefined): number => (label === undefined ? 0 : labels.get(label)! - i - 1);
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(distance(ifTrue), i * 8 + 2);
    bytes.writeUInt8(distance(ifFalse), i * 8 + 3);
    bytes.writeUInt32LE(k, i * 8 + 4);
  });
  return bytes;
}
