/** `npm run sbom [-- FILE]`: the packages that come along at run time as a CycloneDX document, to a file or to standard output. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { root } from "./generate-docs.ts";

const [file] = process.argv.slice(2);
const bom = execFileSync("npm", ["sbom", "--sbom-format=cyclonedx", "--omit=dev"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  stdio: ["ignore", "pipe", "inherit"],
});
if (file === undefined) process.stdout.write(bom);
else writeFileSync(file, bom);
