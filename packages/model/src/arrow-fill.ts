/** Wire column → column of a FlowBatch. Our own wire form is copied as memory; other senders' types go value by value. */
import { parseAddress } from "./address.ts";
import type { WireColumn } from "./arrow-column.ts";
import { type TextDictionary, type TextSource, Texts, Translation, textAt } from "./arrow-text.ts";
import { dropAbove, fillTimes } from "./arrow-times.ts";
import { AddressColumn, type AnyColumn, BoolColumn, EnumColumn, NumberColumn, TextColumn, WideColumn } from "./batch-columns.ts";
import { unpackBits } from "./batch-copy.ts";
import { parseTime, parseWide } from "./json.ts";

/** A column's dictionary, null where none has come yet, and what is known of its codes from the record batches before. */
export interface FillState {
  dictionary: TextDictionary | null;
  translation: Translation | null;
}

/**
 * Fills the rows from `first` on, which are null. A value that the column can't hold stays null; a type that it can't be read from and
 * an index outside of the dictionary are errors.
 */
export function fillColumn(target: AnyColumn, source: WireColumn, first: number, state: FillState): void {
  if (source.allNull || fill(target, source, first, state)) return;
  const { typeName, dictionary, column } = source.field;
  const type = dictionary ? `a dictionary of ${typeName}` : typeName;
  throw source.bad(`is ${type}, which a column of type ${column.type} can't be read from`, -1);
}

/** False if the column can't be read from this type. */
function fill(target: AnyColumn, source: WireColumn, first: number, state: FillState): boolean {
  if (target instanceof EnumColumn) return fillCodes(target, source, first, state, (texts, at) => enumCode(target, texts, at));
  if (target instanceof TextColumn) return fillCodes(target, source, first, state, (texts, at) => textCode(target, texts, at));
  if (source.field.dictionary || source.field.type.kind === "text") return fillFromText(target, source, first, state);
  if (target instanceof NumberColumn) return fillNumbers(target, source, first);
  if (target instanceof AddressColumn) return fillAddresses(target, source, first);
  if (target instanceof BoolColumn) return fillBools(target, source, first);
  return source.field.column.type === "time" ? fillTimes(target, source, first) : fillWide(target, source, first);
}

function copyRaw(target: AnyColumn, source: WireColumn, first: number, width: number): true {
  target.raw(first, source.rows).set(source.raw(width));
  target.markAll(first, source.rows, source.valid);
  return true;
}

function fillNumbers(target: NumberColumn, source: WireColumn, first: number): boolean {
  const { type } = source.field;
  const width = target.data.BYTES_PER_ELEMENT;
  if (type.kind === "int" && !type.signed && type.bytes === width) return copyRaw(target, source, first, width);
  if (type.kind !== "int" && type.kind !== "float") return false;
  const max = 2 ** (width * 8) - 1;
  source.numbers(type).forEach((n, row) => {
    if (source.has(row) && Number.isInteger(n) && n >= 0 && n <= max) target.set(first + row, n);
  });
  return true;
}

function fillWide(target: WideColumn, source: WireColumn, first: number): boolean {
  const { type } = source.field;
  if (type.kind === "int" && type.bytes === 8) {
    copyRaw(target, source, first, 8);
    if (type.signed) dropAbove(target, first, source.rows, 0x7fffffff, 0xffffffff);
    return true;
  }
  if (type.kind !== "int" && type.kind !== "float") return false;
  source.numbers(type).forEach((n, row) => {
    if (source.has(row) && Number.isSafeInteger(n) && n >= 0) target.set(first + row, n);
  });
  return true;
}

/** 16 bytes, or an IPv4 address in 4. */
function fillAddresses(target: AddressColumn, source: WireColumn, first: number): boolean {
  const { type } = source.field;
  if (type.kind === "fixed" && type.bytes === 16) return copyRaw(target, source, first, 16);
  const mapped = new Uint8Array(16).fill(0xff, 10, 12);
  const put = (row: number, bytes: Uint8Array | null): void => {
    if (bytes?.length === 16) target.set(first + row, bytes);
    else if (bytes?.length === 4) {
      mapped.set(bytes, 12);
      target.set(first + row, mapped);
    }
  };
  if (type.kind === "fixed" && type.bytes === 4) {
    const raw = source.raw(4);
    for (let row = 0; row < source.rows; row++) if (source.has(row)) put(row, raw.subarray(row * 4, row * 4 + 4));
    return true;
  }
  if (type.kind !== "binary") return false;
  const texts = new Texts(source, type.wide);
  for (let row = 0; row < source.rows; row++) put(row, texts.bytes(row));
  return true;
}

function fillBools(target: BoolColumn, source: WireColumn, first: number): boolean {
  const { type } = source.field;
  if (type.kind === "bool") {
    unpackBits(source.raw(1 / 8), target.data, first, source.rows);
    target.markAll(first, source.rows, source.valid);
    return true;
  }
  if (type.kind !== "int") return false;
  source.numbers(type).forEach((n, row) => {
    if (source.has(row) && (n === 0 || n === 1)) target.set(first + row, n === 1);
  });
  return true;
}

function fillCodes(
  target: TextColumn | EnumColumn,
  source: WireColumn,
  first: number,
  state: FillState,
  codeOf: (texts: TextSource, place: number) => number | null,
): boolean {
  const { type, dictionary } = source.field;
  if (type.kind !== "text" && type.kind !== "binary") return false;
  if (!dictionary) {
    const texts = new Texts(source, type.wide);
    for (let row = 0; row < source.rows; row++) {
      const code = codeOf(texts, row);
      if (code !== null) target.setCode(first + row, code);
    }
    return true;
  }
  const texts = dictionaryOf(source, state);
  if (state.translation?.dictionary !== texts) state.translation = new Translation(texts);
  target.markAll(first, source.rows, source.valid);
  const inside = state.translation.apply(source.valid, source.indices(dictionary.index), target, first, (place) =>
    codeOf(texts, place),
  );
  if (!inside) throw outside(source);
  return true;
}

/** Null where the column has no such word. No word of ours is nearly as long as 64 bytes. */
function enumCode(target: EnumColumn, texts: TextSource, place: number): number | null {
  const code = target.values.indexOf(textAt(texts, place, 64) ?? "");
  return code < 0 ? null : code;
}

function textCode(target: TextColumn, texts: TextSource, place: number): number | null {
  const text = textAt(texts, place);
  return text === null ? null : target.codeOf(text);
}

/** What other senders write as text: addresses, 64-bit numbers, times. The longest of their texts (IPv6 with dotted IPv4) has 45 bytes. */
function fillFromText(target: AnyColumn, source: WireColumn, first: number, state: FillState): boolean {
  const put = textWriter(target, source.field.column.type === "time");
  const { type, dictionary } = source.field;
  if (!put || type.kind !== "text") return false;
  const texts = dictionary ? dictionaryOf(source, state) : new Texts(source, type.wide);
  const indices = dictionary && source.indices(dictionary.index);
  for (let row = 0; row < source.rows; row++) {
    if (!source.has(row)) continue;
    const place = indices ? (indices[row] ?? -1) : row;
    if (place < 0 || place >= texts.size) throw outside(source);
    const text = textAt(texts, place, 64);
    if (text !== null) put(first + row, text);
  }
  return true;
}

function textWriter(target: AnyColumn, isTime: boolean): ((row: number, text: string) => void) | null {
  if (target instanceof AddressColumn) {
    return (row, text) => {
      const address = parseAddress(text);
      if (address) target.set(row, address);
    };
  }
  if (!(target instanceof WideColumn)) return null;
  return (row, text) => {
    const value = isTime ? parseTime(text) : parseWide(text);
    if (typeof value === "bigint") target.setBigInt(row, value);
    else if (value !== null) target.set(row, value);
  };
}

function dictionaryOf(source: WireColumn, state: FillState): TextDictionary {
  if (!state.dictionary) throw source.bad("comes before its dictionary", -1);
  return state.dictionary;
}

const outside = (source: WireColumn): Error => source.bad("has an index outside of its dictionary", -1);
