/** Certificates for tests, made by openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate of its own, for 127.0.0.1 and a name, in files that are put in their places at once. */
export function makeCertificate(name: string, dir: string = mkdtempSync(join(tmpdir(), "flowtrail-tls-"))) {
  const files = { cert: join(dir, "cert.pem"), key: join(dir, "key.pem"), dir };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const out = ["-keyout", `${files.key}.new`, "-out", `${files.cert}.new`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...out], { stdio: "ignore" });
  for (const file of [files.key, files.cert]) renameSync(`${file}.new`, file);
  return files;
}
