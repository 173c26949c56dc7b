import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { unary } from "../../wire/unary-call";

type Outcome = { readonly error: Partial<grpc.ServiceError> | null; readonly response?: unknown };

/** What a client is told by a handler that answers so. */
function outcomeOf(answer: (request: string) => unknown): Promise<Outcome> {
  const call = { request: "asked" } as grpc.ServerUnaryCall<string, unknown>;
  return new Promise((resolve) => {
    unary(answer)(call, (error, response) => resolve({ error: error, response }));
  });
}

describe("a unary call", () => {
  it("is answered with what the answer returns, at once or later", async () => {
    assert.deepEqual(await outcomeOf((request) => `${request}, answered`), {
      error: null,
      response: "asked, answered",
    });
    assert.deepEqual(await outcomeOf(async () => 1), { error: null, response: 1 });
  });

  it("fails with the message alone where the user is told what to do", async () => {
    for (const error of [new Error("no such node"), new RangeError("port 0 is not 1 to 65535")]) {
      const { error: told } = await outcomeOf(() => Promise.reject(error));
      assert.deepEqual([told?.code, told?.details], [grpc.status.UNKNOWN, error.message]);
    }
    const { error: thrown } = await outcomeOf(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- a library may
      throw "text";
    });
    assert.equal(thrown?.details, "text");
  });

  it("fails with the stack where the mistake is the plugin's own", async () => {
    for (const error of [new TypeError("x is undefined"), new ReferenceError("y is not defined")]) {
      const { error: told } = await outcomeOf(() => {
        throw error;
      });
      assert.match(told?.details ?? "", new RegExp(`${error.message}\\n +at .*unary-call\\.test`));
    }
  });

  it("passes on the metadata of an error, and nothing else of that name", async () => {
    const metadata = new grpc.Metadata();
    metadata.set("key", "value");
    const { error: told } = await outcomeOf(() => Promise.reject(Object.assign(new Error("failed"), { metadata })));
    assert.deepEqual(told?.metadata?.get("key"), ["value"]);
    const { error: foreign } = await outcomeOf(() =>
      Promise.reject(Object.assign(new Error("failed"), { metadata: "text" })),
    );
    assert.equal(foreign?.metadata, undefined);
  });
});
