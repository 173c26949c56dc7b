import { between, refused, regionInput } from "../engine/input";
import { findInstance, plug } from "./network-interface";
import { attach, attachmentOf, findOwnInterface } from "./network-interfaces";
import { mustText, numberOf } from "../engine/fields";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

/** `aws.ec2.NetworkInterfaceAttachment`: a secondary interface of a running instance. */
export const networkInterfaceAttachment: ResourceType = {
  token: EC2.networkInterfaceAttachment,
  title: "EC2 Network Interface Attachment",
  actions: { create: "AttachNetworkInterface", update: "AttachNetworkInterface", delete: "DetachNetworkInterface" },
  idPrefix: "eni-attach",
  inputs: {
    deviceIndex: { kind: "int", required: true, forceNew: true, lab: "enforced", check: between(0, 15) },
    instanceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    networkCardIndex: refused("int", "a node has one network card", { computed: true, forceNew: true }),
    networkInterfaceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
  },
  computed: ["attachmentId", "status"],
  create({ id, inputs, records }) {
    const instance = findInstance(records, mustText(inputs, "instanceId"));
    const { id: networkInterfaceId, outputs } = findOwnInterface(records, mustText(inputs, "networkInterfaceId"));
    const place = { id: instance.id, zone: mustText(instance.outputs, "availabilityZone") };
    return {
      outputs: {
        attachmentId: id,
        ...attach(
          records,
          place,
          { id: networkInterfaceId, subnetId: mustText(outputs, "subnetId") },
          numberOf(inputs, "deviceIndex") ?? 0,
        ),
      },
    };
  },
  effects: {
    async created(backend, record, records) {
      await plug(backend, records, attachmentOf(records, mustText(record.outputs, "networkInterfaceId")));
      return {};
    },
    async updated(backend, _before, record, records) {
      await plug(backend, records, attachmentOf(records, mustText(record.outputs, "networkInterfaceId")));
      return {};
    },
    deleting: (backend, record) =>
      backend.unplugInterface(mustText(record.outputs, "instanceId"), numberOf(record.outputs, "deviceIndex") ?? 1),
  },
};
