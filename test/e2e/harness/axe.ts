/** What axe-core finds on a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { soon } from "./browser.ts";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Fails if axe goes on finding anything against WCAG 2.2 A and AA, or its best practices, in what the page shows. What fades in has too little
 * contrast for a moment.
 * @param within a selector: a dialog or a panel alone
 */
export async function expectAccessible(page: Page, within = "html"): Promise<void> {
  // As text: the page's Content-Security-Policy allows no script of another place, but does not bind the debugger.
  await page.evaluate(SOURCE);
  await soon(() => violations(page, within)).toEqual([]);
}

async function violations(page: Page, within: string): Promise<string[]> {
  const results = await page.evaluate(
    (selector) => (globalThis as unknown as { axe: { run(context: string): Promise<AxeResults> } }).axe.run(selector),
    within,
  );
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any, all, none }) => {
      const why = [...any, ...all, ...none].map(({ message }) => message).join("; ");
      return `${id} (${help}): ${html.slice(0, 200)} ${why}`;
    }),
  );
}
