/** Colours, for those who want them. */

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Colour = keyof typeof CODES;
export type Style = (text: string, ...colours: readonly (Colour | null)[]) => string;

export const plain: Style = (text) => text;

const coloured: Style = (text, ...colours) => {
  const codes = colours.filter((colour) => colour !== null).map((colour) => CODES[colour]);
  return codes.length === 0 || text === "" ? text : `\x1b[${codes.join(";")}m${text}\x1b[0m`;
};

export const COLOUR_CHOICES = ["auto", "always", "never"] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

/** A flag comes before NO_COLOR (https://no-color.org: set and not empty), that before what the output is. */
export function styleFor(choice: ColourChoice, stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  if (choice !== "auto") return choice === "always" ? coloured : plain;
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return plain;
  return stream.isTTY === true && env.TERM !== "dumb" ? coloured : plain;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of a share from 0 to 1, in eighths of a column; whatever is more than nothing shows. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  if (eighths === 0) return share > 0 && width > 0 ? "▏" : "";
  return "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
}
