import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { serve } from "../../lab/src/serve";
import { PUBLIC_KEY, MemoryBackend, urnOf } from "../support/account-in-memory";

const main = resolve(__dirname, "../../lab/src/main.ts");
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: string): Record<string, string> => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const KEY_PAIR = "aws:ec2/keyPair:KeyPair";
const INSTANCE = "aws:ec2/instance:Instance";

type Call<Request, Response> = (
  request: Request,
  callback: (error: grpc.ServiceError | null, response: Response) => void,
) => grpc.ClientUnaryCall;

/** The calls as promises. */
function callsOf(client: ResourceProviderClient) {
  const unary = <Request, Response>(call: Call<Request, Response>): ((request: Request) => Promise<Response>) =>
    promisify(call.bind(client));
  return {
    check: unary<rpc.CheckRequest, rpc.CheckResponse>(client.check),
    checkConfig: unary<rpc.CheckRequest, rpc.CheckResponse>(client.checkConfig),
    configure: unary<rpc.ConfigureRequest, rpc.ConfigureResponse>(client.configure),
    create: unary<rpc.CreateRequest, rpc.CreateResponse>(client.create),
    delete: unary<rpc.DeleteRequest, Empty>(client.delete),
    diff: unary<rpc.DiffRequest, rpc.DiffResponse>(client.diff),
    diffConfig: unary<rpc.DiffRequest, rpc.DiffResponse>(client.diffConfig),
    cancel: unary<Empty, Empty>(client.cancel),
    handshake: unary<rpc.ProviderHandshakeRequest, rpc.ProviderHandshakeResponse>(client.handshake),
    invoke: unary<rpc.InvokeRequest, rpc.InvokeResponse>(client.invoke),
    read: unary<rpc.ReadRequest, rpc.ReadResponse>(client.read),
  };
}

function struct(value: object): Struct {
  return Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
}

describe("the stand-in aws plugin", () => {
  describe("as a process", () => {
    let state: string;
    let plugin: ChildProcess;
    let client: ResourceProviderClient;
    let calls: ReturnType<typeof callsOf>;
    before(async () => {
      state = mkdtempSync(join(tmpdir(), "overlaynet-aws-"));
      const env = { ...process.env, OVERLAYNET_LAB_STATE: state };
      plugin = spawn(process.execPath, ["--require", "tsx/cjs", main], { env, stdio: ["ignore", "pipe", "inherit"] });
      const port = await new Promise<string>((done) =>
        plugin.stdout?.once("data", (data: Buffer) => done(data.toString("utf8"))),
      );
      assert.match(port, /^\d+\n$/);
      client = new ResourceProviderClient(`127.0.0.1:${port.trim()}`, grpc.credentials.createInsecure());
      calls = callsOf(client);
    });
    after(() => {
      client.close();
      plugin.kill("SIGTERM");
      rmSync(state, { recursive: true, force: true });
    });

    it("shakes hands and is configured", async () => {
      const hand = await calls.handshake(new rpc.ProviderHandshakeRequest());
      assert.deepEqual(
        [hand.getAcceptSecrets(), hand.getAcceptResources(), hand.getAcceptOutputs()],
        [true, true, true],
      );
      const configured = await calls.configure(new rpc.ConfigureRequest().setArgs(struct({ region: "us-east-1" })));
      assert.equal(configured.getSupportspreview(), true);
    });

    it("keeps the provider's configuration as Pulumi's SDK gives it: JSON and booleans as text, credentials as secrets", async () => {
      const news = {
        region: "us-east-1",
        endpoints: "[]",
        skipMetadataApiCheck: "true",
        accessKey: secret("AKIA"),
        secretKey: secret("x"),
        defaultTags: `{"tags":{"team":"net"}}`,
      };
      const checked = await calls.checkConfig(
        new rpc.CheckRequest().setUrn("urn:pulumi:test::project::pulumi:providers:aws::p").setNews(struct(news)),
      );
      assert.deepEqual([checked.getFailuresList(), checked.getInputs()?.toJavaScript()], [[], news]);
    });

    it("makes, reads and removes a key pair", async () => {
      const urn = urnOf(KEY_PAIR, "kp");
      const checked = await calls.check(
        new rpc.CheckRequest()
          .setUrn(urn)
          .setNews(struct({ publicKey: PUBLIC_KEY }))
          .setRandomseed(Uint8Array.of(0xab, 0xcd, 0xef, 0x01)),
      );
      assert.deepEqual(checked.getFailuresList(), []);
      assert.equal(checked.getInputs()?.toJavaScript()["keyName"], "kp-abcdef0");
      const made = await calls.create(new rpc.CreateRequest().setUrn(urn).setProperties(checked.getInputs()));
      assert.equal(made.getId(), "kp-abcdef0");
      assert.equal(readdirSync(join(state, "resources")).length, 1);
      const read = await calls.read(
        new rpc.ReadRequest()
          .setUrn(urn)
          .setId(made.getId())
          .setInputs(checked.getInputs())
          .setProperties(made.getProperties()),
      );
      assert.deepEqual(read.getProperties()?.toJavaScript(), made.getProperties()?.toJavaScript());
      assert.deepEqual(read.getInputs()?.toJavaScript(), checked.getInputs()?.toJavaScript());
      await calls.delete(new rpc.DeleteRequest().setUrn(urn).setId(made.getId()).setProperties(made.getProperties()));
      assert.equal((await calls.read(new rpc.ReadRequest().setUrn(urn).setId(made.getId()))).getId(), "");
      assert.equal(readdirSync(join(state, "resources")).length, 0);
    });

    it("answers functions", async () => {
      const answer = await calls.invoke(
        new rpc.InvokeRequest().setTok("aws:index/getCallerIdentity:getCallerIdentity").setArgs(struct({})),
      );
      assert.equal(answer.getReturn()?.toJavaScript()["accountId"], "000000000000");
      await assert.rejects(
        calls.invoke(new rpc.InvokeRequest().setTok("aws:iam/getRole:getRole")),
        /the lab does not model the function aws:iam\/getRole:getRole/,
      );
    });

    it("tells faults, one each", async () => {
      const checked = await calls.check(
        new rpc.CheckRequest()
          .setUrn(urnOf("aws:ec2/vpc:Vpc", "v"))
          .setNews(struct({ cidrBlock: "10.0.0.1/16", instanceTenancy: "x" })),
      );
      assert.deepEqual(
        checked.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
        [
          [
            "",
            "expected cidr_block to contain a valid network Value, expected 10.0.0.0/16, got 10.0.0.1/16. Examine values at 'v.cidrBlock'.",
          ],
          [
            "",
            `expected instance_tenancy to be one of ["default" "dedicated"], got x. Examine values at 'v.instanceTenancy'.`,
          ],
        ],
      );
      await assert.rejects(
        calls.check(new rpc.CheckRequest().setUrn(urnOf("aws:s3/bucket:Bucket", "b"))),
        /the lab does not model the resource type aws:s3\/bucket:Bucket/,
      );
    });
  });

  describe("on the wire", () => {
    let backend: MemoryBackend;
    let served: Awaited<ReturnType<typeof serve>>;
    let client: ResourceProviderClient;
    let calls: ReturnType<typeof callsOf>;
    beforeEach(async () => {
      backend = new MemoryBackend();
      served = await serve(backend, undefined);
      client = new ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
      calls = callsOf(client);
    });
    afterEach(() => {
      client.close();
      served.stop();
    });

    it("keeps secrets secret, in preview too", async () => {
      const urn = urnOf(INSTANCE, "i");
      const news = struct({
        ami: "ami-12345678",
        instanceType: "t3.micro",
        subnetId: "subnet-1",
        userDataBase64: secret("YQ=="),
      });
      const checked = (await calls.check(new rpc.CheckRequest().setUrn(urn).setNews(news))).getInputs();
      assert.deepEqual(checked?.toJavaScript()["userDataBase64"], secret("YQ=="));
      const planned = await calls.create(new rpc.CreateRequest().setUrn(urn).setProperties(checked).setPreview(true));
      assert.equal(planned.getId(), "");
      assert.deepEqual(planned.getProperties()?.toJavaScript()["userDataBase64"], secret("YQ=="));
      assert.equal(planned.getProperties()?.toJavaScript()["publicIp"], "04da6b54-80e4-46f7-96ec-b56ff0331ba9");
      assert.equal(backend.events.length, 0);
    });

    it("keeps a property secret as a whole, wherever the secret is in it", async () => {
      const urn = urnOf("aws:ec2/vpc:Vpc", "v");
      const news = struct({ cidrBlock: "10.1.0.0/16", tags: { plain: "a", hidden: secret("b") } });
      const checked = (await calls.check(new rpc.CheckRequest().setUrn(urn).setNews(news))).getInputs();
      const made = await calls.create(new rpc.CreateRequest().setUrn(urn).setProperties(checked));
      for (const properties of [checked, made.getProperties()]) {
        const { tags, cidrBlock } = properties?.toJavaScript() ?? {};
        assert.deepEqual(tags, { ...secret(""), value: { plain: "a", hidden: "b" } });
        assert.equal(cidrBlock, "10.1.0.0/16");
      }
    });

    it("details differences, but not those of rules", async () => {
      const diff = (type: string, olds: object, news: object): Promise<rpc.DiffResponse> =>
        calls.diff(
          new rpc.DiffRequest()
            .setUrn(urnOf(type, "x"))
            .setOldInputs(struct(olds))
            .setOlds(struct({}))
            .setNews(struct(news)),
        );
      const replaced = await diff(INSTANCE, { privateIp: "10.1.0.4" }, { privateIp: "10.1.0.5" });
      assert.equal(replaced.getChanges(), rpc.DiffResponse.DiffChanges.DIFF_SOME);
      assert.deepEqual([replaced.getReplacesList(), replaced.getHasdetaileddiff()], [["privateIp"], true]);
      assert.equal(replaced.getDetaileddiffMap().get("privateIp")?.getKind(), rpc.PropertyDiff.Kind.UPDATE_REPLACE);
      const rule = await diff(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        { toPort: 1 },
        { toPort: 2 },
      );
      assert.deepEqual(
        [rule.getDiffsList(), rule.getReplacesList(), rule.getHasdetaileddiff()],
        [["toPort"], [], false],
      );
      assert.equal(
        (await diff(INSTANCE, { ami: "a" }, { ami: "a" })).getChanges(),
        rpc.DiffResponse.DiffChanges.DIFF_NONE,
      );
    });

    it("keeps what was made when something after it fails", async () => {
      const urn = urnOf("aws:ec2/vpc:Vpc", "v");
      backend.failures.set("reconcile", "no veth");
      const error = await calls
        .create(new rpc.CreateRequest().setUrn(urn).setProperties(struct({ cidrBlock: "10.1.0.0/16" })))
        .then(
          () => undefined,
          (failure: unknown) => failure as grpc.ServiceError,
        );
      const [bytes] = error?.metadata.get("grpc-status-details-bin") ?? [];
      if (!(bytes instanceof Buffer)) throw new Error("the error has no details");
      const [details] = Status.deserializeBinary(bytes).getDetailsList();
      const failed = details?.unpack(
        (data: Uint8Array) => rpc.ErrorResourceInitFailed.deserializeBinary(data),
        "pulumirpc.ErrorResourceInitFailed",
      );
      assert.match(failed?.getId() ?? "", /^vpc-[0-9a-f]{17}$/);
      assert.deepEqual(failed?.getReasonsList(), ["the lab's network could not be set up: no veth"]);
      assert.equal(failed?.getProperties()?.toJavaScript()["id"], failed?.getId());
    });

    it("makes everything anew in another region", async () => {
      const diffConfig = (olds: object, news: object): Promise<rpc.DiffResponse> =>
        calls.diffConfig(new rpc.DiffRequest().setOldInputs(struct(olds)).setNews(struct(news)));
      assert.deepEqual((await diffConfig({ region: "us-east-1" }, { region: "eu-west-1" })).getReplacesList(), [
        "region",
      ]);
      assert.equal(
        (await diffConfig({ region: "us-east-1" }, { region: "us-east-1", maxRetries: "3" })).getChanges(),
        rpc.DiffResponse.DiffChanges.DIFF_NONE,
      );
    });

    it("does nothing more once it is cancelled", async () => {
      await calls.cancel(new Empty());
      await assert.rejects(
        calls.create(
          new rpc.CreateRequest()
            .setUrn(urnOf(KEY_PAIR, "kp"))
            .setProperties(struct({ keyName: "kp", publicKey: PUBLIC_KEY })),
        ),
        /cancelled/,
      );
      assert.equal(backend.events.length, 0);
    });
  });
});
