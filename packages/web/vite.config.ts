import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    sourcemap: true,
    // Files of any size stay files: the page's Content-Security-Policy allows no data: fonts or scripts.
    assetsInlineLimit: 0,
    // What counts is the first load, compressed: test/e2e/bundle.test.ts holds it to its budget.
    chunkSizeWarningLimit: 1000,
  },
  // `vite` alone serves the page for development beside a server that was started with --insecure-no-auth.
  server: { proxy: { "/api": process.env.FLOWTRAIL_URL ?? "http://127.0.0.1:8080" } },
});
