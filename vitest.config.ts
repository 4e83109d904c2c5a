import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/**/*.test.ts", "lab/**/*.test.ts", "scripts/**/*.test.ts", "test/{integration,e2e,fuzz}/**/*.test.ts"],
    // What takes minutes, or needs many engines: vitest.slow.config.ts.
    exclude: ["**/node_modules/**", "**/dist/**", "**/*.slow.test.ts"],
    // Network namespaces, the engine and Chromium share two cores: and much of it waits: three files at a time, generous limits, nothing timed.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", ["json", { outputFile: process.env.TEST_REPORT ?? "test-results/vitest.json" }]],
  },
});
