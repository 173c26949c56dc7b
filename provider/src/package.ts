import schema from "../schema.json";
import { constructCluster } from "./resources/cluster";
import { ipPools } from "./resources/ip-pools";
import { routes } from "./resources/routes";
import { sshAccess } from "./resources/ssh-access";
import { sshKey } from "./resources/ssh-key";
import { topology } from "./resources/topology";
import { tunnel } from "./resources/tunnel";
import { tunnelsReady } from "./resources/tunnels-ready";
import { workload } from "./resources/workload";
import type { Package } from "./serve";

/** Who does what schema.json says, by type token. */
export const overlaynetPackage: Package = {
  schema,
  components: {
    "overlaynet:index:Cluster": constructCluster,
  },
  customResources: {
    "overlaynet:index:IpPools": ipPools,
    "overlaynet:index:Routes": routes(sshAccess),
    "overlaynet:index:SshKey": sshKey,
    "overlaynet:index:Topology": topology,
    "overlaynet:index:Tunnel": tunnel(sshAccess),
    "overlaynet:index:TunnelsReady": tunnelsReady,
    "overlaynet:index:Workload": workload(sshAccess),
  },
};
