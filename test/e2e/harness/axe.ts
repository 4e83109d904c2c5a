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
 * @param rules the only ones that are looked at: colours are what dark differs in from light
 */
export async function expectAccessible(page: Page, within = "html", rules: readonly string[] = []): Promise<void> {
  // As text: the page's Content-Security-Policy allows no script of another place, but does not bind the debugger.
  await page.evaluate(SOURCE);
  await soon(() => violations(page, within, rules)).toEqual([]);
}

async function violations(page: Page, within: string, rules: readonly string[]): Promise<string[]> {
  const results = await page.evaluate(
    ({ selector, only }) => {
      const { axe } = globalThis as unknown as { axe: { run(context: string, options: object): Promise<AxeResults> } };
      return axe.run(selector, only.length === 0 ? {} : { runOnly: { type: "rule", values: only } });
    },
    { selector: within, only: rules },
  );
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, any, all, none }) => {
      const why = [...any, ...all, ...none].map(({ message }) => message).join("; ");
      return `${id} (${help}): ${html.slice(0, 200)} ${why}`;
    }),
  );
}
