/** Who may do what in a ClickHouse that we run: one user for us, and one that starts it. */
import { createHash } from "node:crypto";

interface EngineUser {
  readonly username: string;
  readonly password: string;
  /** The only one that it may change. */
  readonly database: string;
}

/** The text of `users.xml`. @param profiles elements of `<profiles>`, of which `profile` is our user's */
export function usersConfig(
  { username, password, database }: EngineUser,
  { profiles, profile }: { readonly profiles: string; readonly profile: string },
): string {
  const hash = createHash("sha256").update(password).digest("hex");
  // `default` starts the server and can't have a password (code 516), so it may do that and nothing else.
  return `<clickhouse>
  <profiles>
    ${profiles}
  </profiles>
  <quotas><default/></quotas>
  <users>
    <${username}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>${profile}</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, INSERT, CREATE, DROP, ALTER, OPTIMIZE, TRUNCATE, BACKUP, CHECK ON ${database}.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
        <query>GRANT SELECT ON system.*</query>
      </grants>
    </${username}>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT READ ON FILE</query>
        <query>GRANT CREATE TEMPORARY TABLE ON *.*</query>
      </grants>
    </default>
  </users>
</clickhouse>
`;
}
