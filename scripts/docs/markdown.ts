/** Pieces of a generated page. */

/** A page, with what it was made from. */
export function page(title: string, source: string, ...parts: readonly string[]): string {
  const note = `*Generated from ${source} by \`npm run docs\`. Change it there; edits here are lost.*`;
  return `${[`# ${title}`, note, ...parts].join("\n\n")}\n`;
}

export const code = (text: string): string => `\`${text}\``;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
