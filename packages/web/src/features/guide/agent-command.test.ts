import { expect, it } from "vitest";
import { addressProblem, agentCommand, isLoopback, nameProblem } from "./agent-command.ts";

it("says who, where to and with what", () => {
  const command = agentCommand({ address: "https://flowtrail.example:8443", node: "inetgw", token: "T-1" });
  expect(command).toContain("--server https://flowtrail.example:8443 ");
  expect(command).toContain("--node inetgw ");
  expect(command).toContain("--enrol-token-file /etc/flowtrail/agent.token ");
  expect(command).toContain("cat > /etc/flowtrail/agent.token");
  // Nobody but its own shell sees the token: what sudo is told is logged, and seen by all who list processes.
  expect(command).toMatch(/^echo T-1 \| sudo /);
  expect(command.split("T-1")).toHaveLength(2);
  // One argument of the shell: what is put in must not end it.
  expect(command.split("'")).toHaveLength(3);
});

it.each(["a b", "a'b", "", "ä", "x".repeat(129), "$(id)"])("no name of a node: %j", (name) => {
  expect(nameProblem(name)).not.toBeNull();
});

it.each(["host:8080", "ftp://host", "http://host/?a=b", "http://h'; id'", "http://user@host", "http://h/$(id)"])(
  "no address of a server: %s",
  (address) => expect(addressProblem(address)).not.toBeNull(),
);

it.each([
  ["http://127.0.0.1:8080", true],
  ["http://localhost:8080", true],
  ["http://[::1]:8080", true],
  ["http://100.64.0.1:8080", false],
  ["https://flowtrail.example/", false],
])("%s: on its own machine alone? %s", (address, is) => {
  expect(addressProblem(address)).toBeNull();
  expect(isLoopback(address)).toBe(is);
});
it("a name may hold what hosts' names hold", () => expect(nameProblem("web-01.example:2@x_y")).toBeNull());
