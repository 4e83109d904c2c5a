/** The files of a TLS listener, read and found to fit together before anybody is served with them. */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { TlsError } from "./errors.ts";

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Clients must have, or may have, a certificate that these vouch for. */
  readonly clientCa?: string | undefined;
}

export interface KeyPair {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | null;
  /** Of the content of all files: another one, another key pair. */
  readonly digest: string;
  readonly names: readonly string[];
  readonly expiresMs: number;
}

/** What a certificate says of itself, and the first name that a browser could be sent to. */
export async function readKeyPair(files: TlsFiles): Promise<KeyPair> {
  const [cert, key] = [await read(files.cert), await read(files.key)];
  const clientCa = files.clientCa === undefined ? null : await read(files.clientCa);
  const certificate = parsed(files.cert, "certificate (PEM)", () => new X509Certificate(cert));
  const privateKey = parsed(files.key, "key (PEM, without a passphrase)", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    const message = `${files.key} is not the key of ${files.cert}`;
    throw new TlsError({ code: "TLS_MISMATCH", cert: files.cert, key: files.key }, message);
  }
  if (clientCa !== null && files.clientCa !== undefined)
    parsed(files.clientCa, "certificates (PEM)", () => new X509Certificate(clientCa));
  // The rest of the chain, and whether OpenSSL takes keys of this size.
  parsed(files.cert, "certificate that can be used", () => createSecureContext({ cert, key, ...(clientCa && { ca: clientCa }) }));
  const digest = createHash("sha256")
    .update(cert)
    .update(key)
    .update(clientCa ?? "")
    .digest("hex");
  return { cert, key, clientCa, digest, names: namesOf(certificate), expiresMs: certificate.validToDate.getTime() };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code: errno = "UNKNOWN" } = cause as NodeJS.ErrnoException;
    throw new TlsError({ code: "TLS_FILE", path }, `${path} can't be read (${errno})`, { cause });
  }
}

function parsed<T>(path: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    // What OpenSSL says may quote the file.
    throw new TlsError({ code: "TLS_FILE", path }, `${path} holds no ${what}`, { cause });
  }
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? "").split(", ").flatMap((one) => {
    const match = /^(?:DNS|IP Address):([\w.:*-]+)$/.exec(one);
    return match?.[1] === undefined ? [] : [match[1]];
  });
}
