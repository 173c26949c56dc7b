import * as grpc from "@grpc/grpc-js";

/** A handler of gRPC calls with one request and one response. What the answer throws becomes the call's error. */
export function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    new Promise<Response>((resolve) => resolve(answer(call.request))).then(
      (response) => callback(null, response),
      (error: unknown) => callback(serviceError(error)),
    );
  };
}

/** The user's mistakes are told by their message; a mistake of ours needs its stack to be found. */
function serviceError(error: unknown): Partial<grpc.StatusObject> {
  const ours = error instanceof TypeError || error instanceof ReferenceError;
  const details = error instanceof Error ? ((ours ? error.stack : undefined) ?? error.message) : String(error);
  const metadata =
    error instanceof Error && "metadata" in error && error.metadata instanceof grpc.Metadata
      ? error.metadata
      : undefined;
  return { code: grpc.status.UNKNOWN, details, metadata };
}
