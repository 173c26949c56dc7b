import schema from "../schema.json";
import { clusterFactory } from "./resources/cluster";
import { getIngress } from "./resources/get-ingress";
import { hostKey } from "./resources/host-key";
import { ipPools } from "./resources/ip-pools";
import { KnownTopologies } from "./resources/known-topologies";
import { overlayFactory } from "./resources/overlay";
import { routes } from "./resources/routes";
import { sshAccess } from "./resources/ssh-access";
import { sshKey } from "./resources/ssh-key";
import { topology } from "./resources/topology";
import { tunnel } from "./resources/tunnel";
import { tunnelsReady } from "./resources/tunnels-ready";
import { workload } from "./resources/workload";
import type { Package } from "./serve";

/** Components lay their topologies down here, and the resources on nodes find them: one for the whole process. */
const topologies = new KnownTopologies();

/** Who does what schema.json says, by type token. */
export const overlaynetPackage: Package = {
  schema,
  components: {
    "overlaynet:index:Cluster": clusterFactory(topologies),
    "overlaynet:index:Overlay": overlayFactory(topologies),
  },
  functions: {
    "overlaynet:index:getIngress": getIngress,
  },
  customResources: {
    "overlaynet:index:HostKey": hostKey(sshAccess),
    "overlaynet:index:IpPools": ipPools,
    "overlaynet:index:Routes": routes(sshAccess, topologies),
    "overlaynet:index:SshKey": sshKey,
    "overlaynet:index:Topology": topology,
    "overlaynet:index:Tunnel": tunnel(sshAccess, topologies),
    "overlaynet:index:TunnelsReady": tunnelsReady,
    "overlaynet:index:Workload": workload(sshAccess),
  },
};
