import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "debug" | "info" | "warning" | "error";

const SEVERITIES: Readonly<Record<Severity, LogSeverity>> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** The address of the engine's gRPC server among the arguments of a plugin's process, which are flags besides. */
export function engineAddress(args: readonly string[]): string | undefined {
  return args.findLast((arg) => /:\d+$/.test(arg));
}

/** What users see of a resource while it is worked on: its row in the display, and what stays under it. */
export class EngineLog {
  private client: EngineClient | undefined;

  /** @param address of the engine's gRPC server; without one nothing is shown (the plugin was started by hand) */
  connect(address: string | undefined): void {
    if (address === undefined || address === "") return;
    this.client?.close();
    this.client = new EngineClient(address, grpc.credentials.createInsecure());
  }

  /**
   * Shows in the row of the resource, or of the stack for an empty URN, until the next one. Nobody waits for it, and a failure
   * to show is no failure.
   */
  status(urn: string, message: string): void {
    this.client?.log(this.request(urn, "info", message).setEphemeral(true), () => undefined);
  }

  /** Stays, with the resource's name. Done when the engine has it, so that it comes before the result. */
  async log(urn: string, severity: Severity, message: string): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    await new Promise<void>((resolve) => client.log(this.request(urn, severity, message), () => resolve()));
  }

  private request(urn: string, severity: Severity, message: string): LogRequest {
    return new LogRequest().setUrn(urn).setSeverity(SEVERITIES[severity]).setMessage(message);
  }
}
