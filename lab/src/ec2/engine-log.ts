import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Messages to the user through the engine. */
export class EngineLog {
  private client: EngineClient | undefined;

  /** @param address of the engine's gRPC server; without one nothing is shown (the plugin was started by hand) */
  connect(address: string): void {
    if (address === "") return;
    this.client?.close();
    this.client = new EngineClient(address, credentials.createInsecure());
  }

  /** Stays on the screen, and in the summary of the update. */
  warning(urn: string, message: string): void {
    this.client?.log(
      new LogRequest().setUrn(urn).setSeverity(LogSeverity.WARNING).setMessage(message),
      () => undefined,
    );
  }

  /**
   * Shows in the row of a resource, or of the stack for an empty URN, while it is worked on. A failure to show is no
   * failure.
   */
  status(urn: string, message: string): void {
    this.client?.log(
      new LogRequest().setUrn(urn).setSeverity(LogSeverity.INFO).setMessage(message).setEphemeral(true),
      () => undefined,
    );
  }
}
