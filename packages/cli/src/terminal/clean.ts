/** Names, domains and rules come from the network: what is in them must never steer a terminal. */

// C0, DEL and C1 (a terminal takes U+009B for CSI); what turns the writing direction or shows nothing (Trojan Source, CVE-2021-42574);
// line and paragraph separators; halves of a surrogate pair.
const UNSAFE = /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/** A text for one line of a terminal: what is unsafe is spelled out, such as `\x1b`. */
export function clean(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same for JSON text, which stays JSON and means the same. JSON itself leaves only what is above 0x1f as it is. */
export function cleanJson(json: string): string {
  return json.replace(UNSAFE, (char) => {
    // Line breaks between values, not within texts.
    if (char === "\n") return char;
    return [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, "0")}`).join("");
  });
}
