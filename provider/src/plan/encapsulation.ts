/**
 * What one node has to hold, in Linux' terms and nothing else: the seam between the plan (who reaches whom and how) and
 * the node (files and batches). `eth0` stands for the interface that owns the node's address, whatever it is called
 * there. Source of every form: reference behaviour of
 * felix/dataplane/linux/{route_mgr,ipip_mgr,vxlan_mgr,noencap_mgr,masq_mgr}.go.
 */
export const PARENT_DEVICE = "eth0";
export const IPIP_DEVICE = "tunl0";
export const VXLAN_DEVICE = "vxlan.calico";
export const VXLAN_DEVICE_V6 = "vxlan-v6.calico";

/** Felix' defaults of vxlanVNI and vxlanPort; the port is IANA's. */
export const VXLAN_VNI = 4096;
export const VXLAN_PORT = 4789;

export type Encapsulation = "None" | "IPIP" | "VXLAN";
