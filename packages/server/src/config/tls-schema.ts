/** Keys of a listener's TLS. */
import { oneOf, text, yesNo } from "@flowtrail/settings";
import { z } from "zod";

interface Files {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly client_ca?: string | undefined;
}

const file = (description: string) => text({ description, expected: "a path", placeholder: "file", default: undefined });

/** @param name `tls` of these keys. @param without what it means that there is no certificate */
function files(name: string, { listen, without }: { listen: string; without: string }, clientCa: string) {
  return {
    cert: file(`file of the certificate (PEM, its chain behind it) for ${listen}; ${without}`),
    key: file(`file of the key of ${name}.cert. Both are read again when they change`),
    client_ca: file(`file of certificates (PEM): ${clientCa}`),
  };
}

function checked<S extends z.ZodType<Files>>(schema: S): S {
  return schema
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
      path: ["key"],
      error: "expected a path: certificate and key go together",
    })
    .refine(({ cert, client_ca }) => client_ca === undefined || cert !== undefined, {
      path: ["cert"],
      error: "expected a path: client certificates need TLS",
    });
}

export const netmakerTls = z
  .preprocess(
    (value) => (value === "off" || value === false ? {} : value),
    checked(
      z.strictObject(
        files(
          "netmaker.tls",
          { listen: "netmaker.listen", without: "without it plain HTTP/2, for a proxy in front" },
          "whoever connects must have one that these vouch for",
        ),
      ),
    ),
  )
  .prefault({} as never);

export const tls = z
  .preprocess(
    (value) => (value === "off" || value === false ? { off: true } : value),
    checked(
      z.strictObject({
        ...files(
          "tls",
          { listen: "listen", without: "without it plain HTTP" },
          "agents must have one that these vouch for, besides their token",
        ),
        client_certs: oneOf(["agents", "everybody"], {
          description: "who must have a certificate of tls.client_ca",
          placeholder: "who",
          default: "agents",
        }),
        off: yesNo({
          description:
            "says that it is meant that others reach this server without TLS of its own: there is no warning (tls: off)",
          default: false,
        }),
      }),
    ).refine(({ off, cert }) => !off || cert === undefined, {
      path: ["off"],
      error: "expected false: there is a certificate",
    }),
  )
  .prefault({} as never);
