import schema from "../../../provider/schema.json";
import type { CustomResource } from "../../../provider/src/resources/custom-resource";
import type { RoutesInputs, RoutesOutputs } from "../../../provider/src/generated/resource-types";
import type { NodeAccess, NodeAccessOptions, SeenPart } from "../../../provider/src/resources/node-access";
import { partResource } from "../../../provider/src/resources/on-node";
import { ipPools } from "../../../provider/src/resources/ip-pools";
import { topology } from "../../../provider/src/resources/topology";
import { tunnelsReady } from "../../../provider/src/resources/tunnels-ready";
import { serve } from "../../../provider/src/serve";
import type { SshTarget } from "../../../provider/src/ssh/target";

/** The real seam over nodes that fail as their host's name says: what ssh does is tested elsewhere. */
class ScriptedNodes implements NodeAccess {
  private async reach({ host }: SshTarget, { signal, status, deadlineMs }: NodeAccessOptions): Promise<void> {
    status(`connecting to ${host} for ${deadlineMs} ms`);
    if (host === "slow")
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    if (host === "unreachable") throw new Error("unreachable: no route to host");
    if (host === "half") throw new Error("half: exit code 1");
    if (host === "bug") throw new TypeError("undefined is not a function");
  }
  async push(target: SshTarget, _part: object, options: NodeAccessOptions): Promise<void> {
    await this.reach(target, options);
  }
  async remove(target: SshTarget, _part: string, options: NodeAccessOptions): Promise<void> {
    await this.reach(target, options);
  }
  async read(target: SshTarget, options: NodeAccessOptions): Promise<ReadonlyMap<string, SeenPart>> {
    await this.reach(target, options);
    return target.host === "empty"
      ? new Map()
      : new Map([["routes", { digest: "on-the-node", files: new Map(), deviations: [] }]]);
  }
  async readHostKey(): Promise<string> {
    throw new Error("not asked for here");
  }
  isOwnedByOther = (error: unknown): boolean => error instanceof Error && error.message.startsWith("owned");
  isPartial = (error: unknown): boolean => error instanceof Error && error.message.startsWith("half");
  isUnreachable = (error: unknown): boolean => error instanceof Error && error.message.startsWith("unreachable");
}

const routes: CustomResource<RoutesInputs, RoutesOutputs> = partResource(
  {
    title: () => "routes",
    partName: () => "routes",
    madeFrom: ["topology"],
    identity: [],
    render: ({ topology: text }) => ({ name: "routes", files: [], digest: `digest of ${text}` }),
    outputs: (part) => part,
  },
  new ScriptedNodes(),
);

void serve(
  {
    schema,
    components: {},
    functions: {},
    customResources: {
      "overlaynet:index:IpPools": ipPools,
      "overlaynet:index:Routes": routes,
      "overlaynet:index:Topology": topology,
      "overlaynet:index:TunnelsReady": tunnelsReady,
    },
  },
  process.argv.slice(2),
);
