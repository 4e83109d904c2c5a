/** Runs in the page: texts whose contrast is below WCAG AA (4.5:1, or 3:1 for large text), as `ratio text`. */
export function lowContrast(): string[] {
  type Rgba = [number, number, number, number];
  const canvas = document.createElement("canvas");
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const parse = (color: string): Rgba => {
    if (context === null) throw new Error("no canvas");
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top: Rgba, below: Rgba): Rgba => {
    const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const backgroundOf = (element: Element | null): Rgba => {
    if (element === null) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
  };
  const luminance = ([r, g, b]: Rgba) => {
    const linear = (value: number) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const text = node.textContent?.trim() ?? "";
    const element = node.parentElement;
    if (text === "" || element === null || element.closest(".visually-hidden, :disabled, [data-disabled]") !== null) continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const background = backgroundOf(element);
    const foreground = over(parse(style.color), background);
    const [light, dark] = [luminance(foreground), luminance(background)].sort((a, b) => b - a) as [number, number];
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = Number.parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${text.slice(0, 40)}`);
  }
  return [...new Set(found)];
}

/** Runs in the page: controls that say nothing about themselves to people who cannot see them. */
export function nameless(): string[] {
  const controls = document.querySelectorAll<HTMLElement>(
    "button, a, input:not([type=hidden]), select, textarea, [role=tab], [role=grid]",
  );
  return [...controls]
    .filter((control) => control.checkVisibility())
    .filter((control) => {
      const labels =
        control instanceof HTMLInputElement || control instanceof HTMLSelectElement ? [...(control.labels ?? [])] : [];
      const labelledBy = control.getAttribute("aria-labelledby");
      const named = [control.getAttribute("aria-label"), control.textContent, ...labels.map((label) => label.textContent)];
      if (labelledBy !== null) named.push(document.getElementById(labelledBy)?.textContent ?? "");
      return named.every((name) => (name ?? "").trim() === "");
    })
    .map((control) => control.outerHTML.slice(0, 120));
}
