import { ApiError } from "./api-error";
import { isMap, type PropertyMap } from "../../../../wire/property-value";

/** EC2 User Guide, "Tag your Amazon EC2 resources", "Tag restrictions"; lengths in Unicode characters. */
const MOST_TAGS = 50;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 256;

/** Refuses tags that API_CreateTags refuses. Any character is fine in a key or value. */
export function refuseTags(tags: unknown): void {
  if (!isMap(tags)) return;
  const entries = Object.entries(tags);
  if (entries.length > MOST_TAGS)
    throw new ApiError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
  for (const [key, value] of entries) {
    if (key === "") throw new ApiError("InvalidParameterValue", "Tag key cannot be null or empty");
    if (/^aws:/i.test(key))
      throw new ApiError(
        "InvalidParameterValue",
        `Value ( ${key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use`,
      );
    if ([...key].length > LONGEST_KEY)
      throw new ApiError("InvalidParameterValue", `Tag key exceeds the maximum length of ${LONGEST_KEY} characters`);
    if ([...String(value)].length > LONGEST_VALUE)
      throw new ApiError(
        "InvalidParameterValue",
        `Tag value exceeds the maximum length of ${LONGEST_VALUE} characters`,
      );
  }
}

/** All the tags that a resource is made with: its own, the provider's default ones, and those of its disks. */
export function refuseAllTags(tagsAll: unknown, inputs: PropertyMap): void {
  refuseTags(tagsAll);
  refuseTags(inputs["volumeTags"]);
  if (isMap(inputs["rootBlockDevice"])) refuseTags(inputs["rootBlockDevice"]["tags"]);
  if (
    isMap(inputs["metadataOptions"]) &&
    inputs["metadataOptions"]["instanceMetadataTags"] === "enabled" &&
    isMap(tagsAll)
  )
    Object.keys(tagsAll).forEach(refuseMetadataKey);
}

/**
 * What instance metadata shows has to be part of a URL's path (EC2 User Guide, "View tags for your EC2 instances using
 * instance metadata").
 */
function refuseMetadataKey(key: string): void {
  if (/^[0-9a-zA-Z\-_+=,.@:]{1,255}$/.test(key) && ![".", "..", "_index"].includes(key)) return;
  throw new ApiError(
    "InvalidParameterValue",
    `'${key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name ('.', '..', '_index')`,
  );
}
