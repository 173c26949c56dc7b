import { reconcile } from "../fabric/reconcile";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import type { ResourceRecord } from "../state/record";
import { RecordStore } from "../state/store";

const INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/** The ingress rules of a protocol, as the rule spells it ("4", "udp"). */
export function ingressRulesOf(records: readonly ResourceRecord[], protocol: string): ResourceRecord[] {
  return records.filter(({ type, inputs }) => type === INGRESS_RULE && inputs["ipProtocol"] === protocol);
}

/**
 * Revokes every ingress rule of a protocol as somebody at AWS' console would: Pulumi hears of it at its next refresh.
 * @returns the ids of the rules
 */
export async function revokeIngress(lab: Lab, protocol: string): Promise<string[]> {
  return withLock(lab.lock, "revoking ingress rules", async () => {
    const store = new RecordStore(lab);
    const rules = ingressRulesOf(store.list(), protocol);
    for (const { id } of rules) store.remove(id);
    await reconcile(lab, store.list());
    return rules.map(({ id }) => id);
  });
}
