/** So wide is a letter of 12 px, about. */
const LETTER_PX = 6.5;

/** As much of a text as there is room for: a drawing does not cut by itself. All of it must be told elsewhere. */
export function cutText(text: string, widthPx: number): string {
  const room = Math.max(1, Math.floor(widthPx / LETTER_PX));
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
