import { nearest } from "../nearest.ts";
import { FIELD_NAMES } from "./fields.ts";

const MOST = 4;

/** The fields that a mistyped one was probably meant to be, the likeliest first. */
export function similarFields(word: string): readonly string[] {
  const text = word.toLowerCase();
  const near = nearest(text, FIELD_NAMES);
  const within = text.length < 2 ? [] : FIELD_NAMES.filter((name) => name.includes(text) || text.endsWith(`.${name}`));
  const similar = [...new Set([...(near === null ? [] : [near]), ...within])].slice(0, MOST);
  return similar.length > 0 ? similar : ["a field such as src.name, port or domain"];
}
