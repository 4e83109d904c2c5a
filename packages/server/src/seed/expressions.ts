/** Expressions of ClickHouse's SQL that the generator is made of. */

export const list = (values: readonly (string | number)[]) =>
  `[${values.map((value) => (typeof value === "string" ? `'${value}'` : value)).join(", ")}]`;

/** Element `index` (from 0) of a list. */
export const pick = (values: readonly (string | number)[], index: string) => `arrayElement(${list(values)}, (${index}) + 1)`;

/** A uniform draw of 64 bits as a number, 0…1. */
export const share = (bits: string) => `(${bits} / 18446744073709551616.)`;

export const modulo = (bits: string, count: number | string) => `toUInt32(${bits} % ${count})`;

/** 0…count − 1; the first is the most frequent, as with words and people (s = 1). */
export const zipf = (bits: string, count: number | string) =>
  `least(toUInt32(exp(${share(bits)} * log(${count} + 1))) - 1, ${count} - 1)`;

/** Nearly normal, mean 0, deviation 1: the sum of four uniform draws of 16 bits. */
export function normal(bits: string): string {
  const draws = [0, 16, 32, 48].map((shift) => `bitAnd(bitShiftRight(${bits}, ${shift}), 65535)`);
  return `(((${draws.join(" + ")}) / 65536 - 2) * 1.7320508)`;
}

/** Between the table's entries; `at`: 0…1, and not 1 itself. */
export function interpolate(table: readonly number[], at: string): string {
  const steps = table.length - 1;
  const low = `toUInt32(floor(${at} * ${steps}))`;
  const from = pick(table, low);
  return `(${from} + (${at} * ${steps} - ${low}) * (${pick(table, `${low} + 1`)} - ${from}))`;
}

export const time = (ms: string) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;

/** An address as the number that ClickHouse makes one of: IPv4 is mapped (::ffff:0:0/96). */
export const v4 = (first: number | string, offset: string) => `toUInt128(${0xffff_0000_0000} + ${first} + ${offset})`;
/** @param high its first 32 bits */
export const v6 = (high: number | string, low: string) => `bitOr(bitShiftLeft(toUInt128(${high}), 96), toUInt128(${low}))`;

/** Columns that are added to those of the question inside, by name. */
export type Layer = readonly (readonly [name: string, expression: string])[];
