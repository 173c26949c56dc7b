import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type EngineEvent, LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { pulumiPath } from "../../support/pulumi-path";

/** As it was built: most of an operation would be the compilation of its sources. */
const PLUGIN = resolve(__dirname, "../../../provider");

/** A stack of an inline program with the provider, and all it keeps in a folder of its own. */
export interface TestStack {
  readonly stack: Stack;
  /** The state as it is kept, secrets encrypted. */
  state(): Promise<{ readonly text: string; readonly resources: readonly StateResource[] }>;
  /** Of the CLI and so of the provider, from the next operation on. */
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}

export interface StateResource {
  readonly urn: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly initErrors?: readonly string[];
}

export async function testStack(program: PulumiFn): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), "overlaynet-stack-"));
  const project = `name: overlaynet-test\nruntime: nodejs\nbackend:\n  url: file://${folder}\nplugins:\n  providers:\n    - name: overlaynet\n      path: ${PLUGIN}\n`;
  await writeFile(join(folder, "Pulumi.yaml"), project);
  const stack = await LocalWorkspace.createStack(
    { stackName: "test", projectName: "overlaynet-test", program },
    {
      workDir: folder,
      envVars: {
        PATH: pulumiPath(),
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    },
  );
  return {
    stack,
    async state() {
      const text = await readFile(join(folder, ".pulumi/stacks/overlaynet-test/test.json"), "utf8");
      const { checkpoint } = JSON.parse(text) as { checkpoint: { latest: { resources?: readonly StateResource[] } } };
      return { text, resources: checkpoint.latest.resources ?? [] };
    },
    environment: stack.workspace.envVars,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What an operation did, as `create Tunnel blue-0`, without what stayed the same. */
export function steps(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) => {
    const metadata = resourcePreEvent?.metadata;
    if (
      metadata === undefined ||
      ["same", "read", "refresh"].includes(metadata.op) ||
      !metadata.type.startsWith("overlaynet:")
    )
      return [];
    return [`${metadata.op} ${metadata.type.replace("overlaynet:index:", "")} ${metadata.urn.split("::").at(-1)}`];
  });
}
