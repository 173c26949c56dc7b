import type { ApiError } from "./api-error";
import type { Backend } from "./backend";
import type { Companion } from "./companion";
import type { Inputs } from "./input";
import type { PropertyMap } from "../../../../wire/property-value";
import type { Records } from "./records";
import type { ResourceRecord } from "../../state/record";

/** A fault that `check` finds: the path of the property, empty for the resource, and the provider's words. */
export interface InputFailure {
  readonly path: string;
  readonly reason: string;
}

/** What the API is asked when a resource is made. Everything is known, and `check` has passed. */
export interface CreateCall {
  /** Of the new resource, unless `create` gives another one. */
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly region: string;
  readonly records: Records;
}

export interface UpdateCall {
  readonly record: ResourceRecord;
  readonly inputs: PropertyMap;
  readonly region: string;
  readonly records: Records;
}

export interface Made {
  /** Where it is not the one offered. */
  readonly id?: string;
  /** What AWS chose; given inputs and unset ones are filled in. */
  readonly outputs: PropertyMap;
  readonly internal?: PropertyMap;
  /** Records of what comes with it, e.g. a VPC's default security group; they replace the former ones. */
  readonly companions?: readonly Companion[];
  /** Other records that it changes, as they are then: an accepter's peering connection. */
  readonly alters?: readonly ResourceRecord[];
  /** Ids of other records that it takes the place of. */
  readonly removes?: readonly string[];
}

/** That an output of a type's records names another resource. */
export interface Reference {
  /** Type token of what is named. */
  readonly to: string;
  /** The output with its id, or a list of ids. */
  readonly by: string;
  /** Which records it counts for. Default: for all. */
  readonly when?: (record: ResourceRecord) => boolean;
}

/**
 * One resource type of the aws package, declared. Functions run under the lab's lock, see all records, and throw
 * ApiError.
 */
export interface ResourceType {
  readonly token: string;
  /** What the provider's messages call it: `EC2 VPC`. */
  readonly title: string;
  /** What the message about a failed creation begins with; default `creating <title>`. */
  creating?(inputs: PropertyMap): string;
  /** API actions that refuse, for messages. */
  readonly actions: { readonly create: string; readonly update: string; readonly delete: string };
  /** Prefix of its ids: `vpc`. */
  readonly idPrefix: string;
  /**
   * Written for Terraform's Plugin Framework: no `__defaults`, unset outputs left out, diffs without details. Default:
   * SDKv2.
   */
  readonly pluginFramework?: true;
  readonly inputs: Inputs;
  /** Outputs that are no inputs; `region` and `tagsAll` come by themselves. */
  readonly computed: readonly string[];
  /** The input that gets a name of its own when none is given, unless the other one is. */
  readonly autoname?: { readonly input: string; readonly unless: string };
  /** Whether the fabric reads its records, and follows when they change. Default true. */
  readonly fabric?: false;
  /** Faults across inputs; an unknown input is not to be judged. */
  check?(inputs: PropertyMap): InputFailure[];
  /** Changes that are not in the inputs' declaration: the paths whose change replaces the resource. */
  replaces?(olds: PropertyMap, news: PropertyMap, changed: ReadonlySet<string>): readonly string[];
  create(call: CreateCall): Made;
  /** Outputs that change with the inputs, besides the inputs themselves. Default: none. */
  update?(call: UpdateCall): Partial<Made>;
  /** AWS never deletes it by itself: deleting leaves everything as it is. */
  readonly stays?: true;
  /** What cannot be deleted as long as a record of this type names it. What came with it does not hold it. */
  readonly holds?: readonly Reference[];
  /** What takes records of this type along when it is deleted. */
  readonly goesWith?: readonly Reference[];
  /** How the deletion of a record that others hold is refused. Default: DependencyViolation. */
  inUse?(record: ResourceRecord, holders: readonly ResourceRecord[]): ApiError;
  /** Refuses a deletion for other reasons. */
  refuseDelete?(record: ResourceRecord, records: Records): void;
  /** Other records that change when it goes, as they are then. */
  leaves?(record: ResourceRecord, records: Records): readonly ResourceRecord[];
  /** Ids of records that go with it besides its companions and those whose types say so. */
  cascade?(record: ResourceRecord, records: Records): readonly string[];
  /** The record for an id of Pulumi's or of `pulumi import`. Default: the record of that id and type. */
  find?(id: string, records: Records): ResourceRecord | undefined;
  /** Pulumi's id where it is not the record's. */
  idOf?(record: ResourceRecord): string;
  /** Whether the provider takes what is still there for gone: a peering connection that failed. */
  isGone?(record: ResourceRecord, records: Records): boolean;
  /** Outputs that others change: as they are now. */
  read?(record: ResourceRecord, records: Records, backend: Backend): PropertyMap;
  /** What the user is told when it has been made. */
  warnings?(record: ResourceRecord, records: Records): readonly string[];
  /** What has to happen outside the records. */
  readonly effects?: Effects;
}

/** Things that take time, done outside the lock. */
export interface Effects {
  /**
   * After the record is there and the fabric holds it. Outputs returned are added. A failure leaves the resource, to be
   * healed by an update.
   */
  created(backend: Backend, record: ResourceRecord, records: Records): Promise<PropertyMap>;
  updated(backend: Backend, before: ResourceRecord, record: ResourceRecord, records: Records): Promise<PropertyMap>;
  /** Before the record goes. */
  deleting(backend: Backend, record: ResourceRecord): Promise<void>;
}
