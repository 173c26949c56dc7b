import { type PropertyMap, isMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { regionInput } from "../engine/input";
import type { Records } from "../engine/records";
import type { Made, ResourceType } from "../engine/resource-type";
import { refuseTags } from "../engine/tag-limits";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.Tag`: one tag of a resource that something else manages. */
export const tag: ResourceType = {
  token: EC2.tag,
  title: "EC2 Tag",
  creating: (inputs) => `creating EC2 resource (${textOf(inputs, "resourceId")}) tag (${textOf(inputs, "key")})`,
  actions: { create: "CreateTags", update: "CreateTags", delete: "DeleteTags" },
  idPrefix: "tag",
  fabric: false,
  inputs: {
    key: { kind: "string", required: true, forceNew: true, lab: "recorded" },
    region: regionInput,
    resourceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    value: { kind: "string", required: true, lab: "recorded" },
  },
  computed: [],
  create: ({ inputs, records }) => put(records, inputs),
  update: ({ inputs, records }) => put(records, inputs),
  leaves(record, records) {
    const target = tagged(records, mustText(record.outputs, "resourceId"));
    return target === undefined
      ? []
      : [
          withTags(target, (tags) =>
            Object.fromEntries(Object.entries(tags).filter(([key]) => key !== record.outputs["key"])),
          ),
        ];
  },
  // Terraform's: the resource's and the key.
  idOf: ({ outputs }) => `${String(outputs["resourceId"])},${String(outputs["key"])}`,
  find: (id, records) =>
    records.ofType(EC2.tag).find(({ outputs }) => `${String(outputs["resourceId"])},${String(outputs["key"])}` === id),
  isGone: (record, records) =>
    !(String(record.outputs["key"]) in tagsOf(tagged(records, mustText(record.outputs, "resourceId")))),
  read: (record, records) => ({
    value: tagsOf(tagged(records, mustText(record.outputs, "resourceId")))[String(record.outputs["key"])] ?? "",
  }),
};

function put(records: Records, inputs: PropertyMap): Made {
  const id = mustText(inputs, "resourceId");
  const target = tagged(records, id);
  if (target === undefined) throw new ApiError("InvalidID", `The ID '${id}' is not valid`);
  const after = withTags(target, (tags) => ({ ...tags, [String(inputs["key"])]: String(inputs["value"]) }));
  refuseTags(after.outputs["tagsAll"]);
  return { outputs: {}, alters: [after] };
}

/** Any record of the region that has tags. */
function tagged(records: Records, id: string): ResourceRecord | undefined {
  return records.account.find(
    (record) => record.id === id && record.outputs["region"] === records.region && "tagsAll" in record.outputs,
  );
}

function tagsOf(target: ResourceRecord | undefined): PropertyMap {
  const tags = target?.outputs["tagsAll"];
  return isMap(tags) ? tags : {};
}

function withTags(target: ResourceRecord, change: (tags: PropertyMap) => PropertyMap): ResourceRecord {
  const own = isMap(target.outputs["tags"]) ? target.outputs["tags"] : {};
  return { ...target, outputs: { ...target.outputs, tags: change(own), tagsAll: change(tagsOf(target)) } };
}
