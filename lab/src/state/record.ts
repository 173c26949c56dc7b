/**
 * One record per AWS resource, one JSON file each: <state>/resources/<id>.json, written to a temporary name and
 * renamed. The plugin (ec2) writes records; the fabric derives from all of them what Linux has to hold. Inputs and
 * outputs are spelled as @pulumi/aws spells them.
 */
export interface ResourceRecord {
  /** Pulumi type token, e.g. `aws:ec2/vpc:Vpc`. */
  readonly type: string;
  readonly id: string;
  /** URN of the resource that made it: tells whose it is in listings. */
  readonly urn: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What AWS keeps and shows nobody, e.g. an instance's MAC and boot order. */
  readonly internal: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** That the fabric passes it over: records of its type say nothing about the network. */
  readonly fabric?: false;
}
