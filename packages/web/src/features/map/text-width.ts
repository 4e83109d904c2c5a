/** How wide names of the map are, in pixels. */
const known = new Map<string, number>();
let context: CanvasRenderingContext2D | null = null;

/** As `.map-name` is written. */
const FONT = '500 11.5px Inter, system-ui, "Segoe UI", Roboto, sans-serif';
/** Its padding. */
const AROUND_PX = 4;

export function nameWidth(text: string): number {
  const width = known.get(text);
  if (width !== undefined) return width;
  context ??= document.createElement("canvas").getContext("2d");
  if (context === null) return text.length * 7;
  context.font = FONT;
  const measured = context.measureText(text).width + AROUND_PX;
  known.set(text, measured);
  return measured;
}
