import type { CheckFailure } from "../../../wire/check-failure";
import { parseQuotas, type Quotas } from "./engine/quotas";
import { ACCOUNT_ID, DEFAULT_REGION, regionNames } from "./engine/regions";
import { isKnown, isMap, type PropertyMap, type PropertyValue } from "../../../wire/property-value";

/** What the lab takes from the aws provider's configuration. */
export interface ProviderConfig {
  readonly region: string;
  readonly defaultTags: Readonly<Record<string, string>>;
  /** As OVERLAYNET_LAB_QUOTAS says; a new account's when it does not. */
  readonly quotas?: Quotas;
}

/** Keys that say how AWS is reached, or by whom. The lab is reached without any of it. */
const WITHOUT_MEANING = new Set([
  "assumeRoleWithWebIdentity",
  "assumeRoles",
  "customCaBundle",
  "ec2MetadataServiceEndpoint",
  "ec2MetadataServiceEndpointMode",
  "httpProxy",
  "httpsProxy",
  "insecure",
  "maxRetries",
  "noProxy",
  "retryMode",
  "s3UsEast1RegionalEndpoint",
  "s3UsePathStyle",
  "sharedConfigFiles",
  "skipCredentialsValidation",
  "skipMetadataApiCheck",
  "skipRegionValidation",
  "skipRequestingAccountId",
  "stsRegion",
  "tagPolicyCompliance",
  "tokenBucketRateLimiterCapacity",
  "useDualstackEndpoint",
  "useFipsEndpoint",
  "userAgents",
  "version",
  "pluginDownloadURL",
]);

/** Keys and variables that lead to a real account. */
const CREDENTIAL_KEYS = ["accessKey", "profile", "secretKey", "sharedCredentialsFiles", "token"];
const CREDENTIAL_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/**
 * Reads the configuration of `aws.Provider` or of `aws:…` in a stack, with all that is wrong with it.
 *
 * Credentials in it or in the environment are a failure: whoever has them may believe that this is AWS. A lab that was
 * asked for by name, with OVERLAYNET_LAB_STATE, is none of that.
 */
export function parseProviderConfig(
  args: PropertyMap,
  env: NodeJS.ProcessEnv,
): { readonly config: ProviderConfig; readonly failures: readonly CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const fail = (property: string, reason: string): void => void failures.push({ property, reason });
  let region = env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || DEFAULT_REGION;
  let defaultTags: Readonly<Record<string, string>> = {};
  for (const [key, raw] of Object.entries(args)) {
    const value = decode(raw);
    if (value === null || value === "" || !isKnown(value)) continue;
    switch (key) {
      case "region":
        region = String(value);
        break;
      case "defaultTags":
        defaultTags = stringMap(isMap(value) ? (value["tags"] ?? null) : null);
        break;
      case "allowedAccountIds":
        if (Array.isArray(value) && value.length > 0 && !value.includes(ACCOUNT_ID))
          fail(key, `AWS account ID not allowed: ${ACCOUNT_ID}`);
        break;
      case "forbiddenAccountIds":
        if (Array.isArray(value) && value.includes(ACCOUNT_ID)) fail(key, `AWS account ID not allowed: ${ACCOUNT_ID}`);
        break;
      case "endpoints":
      case "ignoreTags":
        if (Object.keys(value).length > 0)
          fail(key, `the lab does not model ${key} of the aws provider: take it out for the lab's stack`);
        break;
      default:
        if (!WITHOUT_MEANING.has(key) && !CREDENTIAL_KEYS.includes(key))
          fail(key, `the aws provider 7.48 has no configuration key ${key}`);
    }
  }
  if (!regionNames().includes(region))
    fail("region", `the lab does not know the region ${region}. It knows ${regionNames().join(", ")}`);
  const credentials = [
    ...CREDENTIAL_VARIABLES.filter((name) => (env[name] ?? "") !== ""),
    ...CREDENTIAL_KEYS.filter((key) => hasValue(args[key])).map((key) => `aws:${key}`),
  ];
  if (credentials.length > 0 && (env["OVERLAYNET_LAB_STATE"] ?? "") === "") {
    fail(
      "",
      `this is overlaynet's lab, which stands in for AWS on this machine, but AWS credentials are set (${credentials.join(", ")}). ` +
        "Unset them, or set OVERLAYNET_LAB_STATE to the lab's state directory to say that you mean the lab. For AWS run pulumi without -C lab.",
    );
  }
  const { quotas, problems } = parseQuotas(env["OVERLAYNET_LAB_QUOTAS"] ?? "");
  for (const problem of problems) fail("", `OVERLAYNET_LAB_QUOTAS: ${problem}`);
  return {
    config: { region, defaultTags, ...(env["OVERLAYNET_LAB_QUOTAS"] === undefined ? {} : { quotas }) },
    failures,
  };
}

/** Values that are not strings come as JSON from `pulumi config` and from the engine. */
function decode(value: PropertyValue): PropertyValue {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as PropertyValue;
  } catch {
    return value;
  }
}

function hasValue(value: PropertyValue | undefined): boolean {
  const decoded = decode(value ?? null);
  return decoded !== null && decoded !== "" && !(Array.isArray(decoded) && decoded.length === 0);
}

function stringMap(value: PropertyValue): Readonly<Record<string, string>> {
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)])) : {};
}
