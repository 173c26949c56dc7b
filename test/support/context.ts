import type { OperationContext } from "../../provider/src/resources/custom-resource";

export interface RecordedContext extends OperationContext {
  readonly statuses: string[];
  readonly logs: string[];
}

/** A call's surroundings without an engine: what would be shown is kept. */
export function contextOf(given: Partial<OperationContext> = {}): RecordedContext {
  const statuses: string[] = [];
  const logs: string[] = [];
  return {
    urn: "urn:pulumi:test::test::overlaynet:index:Test::test",
    preview: false,
    signal: new AbortController().signal,
    config: { sshDeadline: 300, deleteUnreachable: false },
    status: (message) => void statuses.push(message),
    log: async (severity, message) => void logs.push(`${severity}: ${message}`),
    ...given,
    statuses,
    logs,
  };
}
