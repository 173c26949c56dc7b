import { associate, findAllocation } from "./elastic-ip";
import { ApiError } from "../engine/api-error";
import { refused, regionInput } from "../engine/input";
import { mustText, textOf } from "../engine/fields";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

/** `aws.ec2.EipAssociation`. */
export const eipAssociation: ResourceType = {
  token: EC2.eipAssociation,
  title: "EC2 EIP Association",
  actions: { create: "AssociateAddress", update: "AssociateAddress", delete: "DisassociateAddress" },
  idPrefix: "eipassoc",
  inputs: {
    allocationId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    allowReassociation: refused("bool", "an address is moved by taking its association away first", {
      unset: null,
      forceNew: true,
    }),
    instanceId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    networkInterfaceId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    privateIpAddress: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    publicIp: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    region: regionInput,
  },
  computed: [],
  create({ inputs, records }) {
    const given = textOf(inputs, "publicIp");
    const allocation = given === undefined ? undefined : records.where(EC2.eip, "publicIp", given)[0];
    const allocationId = textOf(inputs, "allocationId") ?? allocation?.id;
    if (allocationId === undefined) {
      throw given === undefined
        ? new ApiError("MissingParameter", "Either public IP or allocation id must be specified")
        : new ApiError("InvalidAddress.NotFound", `Address '${given}' not found.`);
    }
    const publicIp = mustText(findAllocation(records, allocationId).outputs, "publicIp");
    const [instanceId, networkInterfaceId] = [textOf(inputs, "instanceId"), textOf(inputs, "networkInterfaceId")];
    if (instanceId === undefined && networkInterfaceId === undefined)
      throw new ApiError("MissingParameter", "Either instance ID or network interface id must be specified");
    return {
      outputs: associate(records, publicIp, {
        allocationId,
        instanceId,
        networkInterfaceId,
        privateIp: textOf(inputs, "privateIpAddress"),
      }),
    };
  },
};
