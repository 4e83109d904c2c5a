/** How wide a column must be for what it shows now. */
const BREATHING_PX = 4;

/** Runs over the rows that are drawn. `index`: of the column, from 0. */
export function fittingWidth(table: HTMLTableElement, index: number): number {
  const cells = table.querySelectorAll<HTMLElement>(`tr > :nth-child(${index + 1})`);
  let widest = 0;
  for (const cell of cells) {
    const lines = cell.querySelectorAll<HTMLElement>(".line, .head-label");
    for (const line of lines.length > 0 ? lines : [cell]) widest = Math.max(widest, contentWidth(line));
  }
  return Math.ceil(widest) + BREATHING_PX;
}

/** What its content takes, and what was cut off of it. */
function contentWidth(line: HTMLElement): number {
  const range = document.createRange();
  range.selectNodeContents(line);
  let width = range.getBoundingClientRect().width;
  for (const cut of line.querySelectorAll<HTMLElement>(".cut")) width += Math.max(0, cut.scrollWidth - cut.clientWidth);
  return width;
}
