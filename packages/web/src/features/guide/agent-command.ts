/** The one command that makes a machine a node. */

/** As the server takes a node's name. */
const NAME = /^[\w.:@-]{1,128}$/;

/** What is wrong with it; null: nothing. */
export function nameProblem(name: string): string | null {
  if (name === "") return "Give it a name";
  return NAME.test(name) ? null : "Letters, digits and . : @ _ - only, 128 at most";
}

/** What is wrong with it; null: nothing. What stands in quotes of a shell must hold none. */
export function addressProblem(address: string): string | null {
  const url = URL.parse(address);
  const isAddress = url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "" && url.username === "";
  return isAddress && /^[\w.:/[\]%~-]+$/.test(address)
    ? null
    : "An address such as http://100.64.0.1:8080 or https://flowtrail.example";
}

/** Does the address lead to the server from its own machine alone? */
export function isLoopback(address: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(URL.parse(address)?.hostname ?? "");
}

export interface AgentToStart {
  readonly address: string;
  readonly node: string;
  readonly token: string;
}

/**
 * For root's shell, in the folder that Flowtrail was installed to. The enrolment token is in a file that root alone can read; the service reads the
 * same, and finds the agent's own in the directory of its state.
 * It comes through a pipe from the shell's own echo: arguments are in sudo's log, and in the list of processes.
 */
export function agentCommand({ address, node, token }: AgentToStart): string {
  // --no: where it is not installed, npx would fetch whatever has its name.
  const agent = `npx --no -- flowtrail agent --server ${address} --enrol-token-file ${TOKEN_FILE} --node ${node} --state /var/lib/flowtrail/agent`;
  return `echo ${token} | sudo sh -c 'umask 077 && mkdir -p /etc/flowtrail && cat > ${TOKEN_FILE} && exec ${agent} </dev/null'`;
}

const TOKEN_FILE = "/etc/flowtrail/agent.token";
