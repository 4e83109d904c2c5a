import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/slow/**/*.test.ts", "{packages,test}/**/*.slow.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    hookTimeout: 360_000,
    maxWorkers: 1,
    testTimeout: 20 * 60_000,
    reporters: ["default", ["json", { outputFile: process.env.TEST_REPORT ?? "test-results/vitest.slow.json" }]],
  },
});
