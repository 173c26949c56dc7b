import { mustBe, TRUE_OR_FALSE, valueInWords, wholeNumber } from "../../wire/input-words";
import type { CheckFailure } from "../../wire/check-failure";
import type { PropertyMap } from "../../wire/property-value";
import { RANGES } from "./generated/resource-types";

/** The provider's configuration, `overlaynet:…` in a stack's or the arguments of an explicit provider. */
export interface ProviderConfig {
  /** Carries ssh connections whose inputs name no command of their own. */
  readonly proxyCommand?: string;
  /** Seconds until a node that cannot be reached fails a creation or update. */
  readonly sshDeadline: number;
  /** Take what stood on an unreachable node as deleted. */
  readonly deleteUnreachable: boolean;
}

const DEFAULT_SSH_DEADLINE = 300;

/**
 * Reads the configuration; numbers and booleans arrive as text from configuration files and SDKs. Absent values come
 * from OVERLAYNET_PROXY_COMMAND, OVERLAYNET_SSH_DEADLINE and OVERLAYNET_DELETE_UNREACHABLE, else from the defaults.
 */
export function parseProviderConfig(
  values: PropertyMap,
  env: NodeJS.ProcessEnv = process.env,
): { readonly config: ProviderConfig; readonly failures: readonly CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const text = (key: string, variable: string): string | undefined => {
    const value = values[key] ?? env[variable];
    return value === undefined || value === null || value === "" ? undefined : String(value);
  };

  const deadline = text("sshDeadline", "OVERLAYNET_SSH_DEADLINE");
  const { minimum, maximum } = RANGES.Provider.sshDeadline;
  if (
    deadline !== undefined &&
    !(/^\d+$/.test(deadline) && Number(deadline) >= minimum && Number(deadline) <= maximum)
  ) {
    failures.push({
      property: "sshDeadline",
      reason: mustBe(wholeNumber(minimum, maximum), valueInWords(deadline)),
    });
  }
  const deleteUnreachable = text("deleteUnreachable", "OVERLAYNET_DELETE_UNREACHABLE");
  if (deleteUnreachable !== undefined && !/^(?:true|false|1|0)$/.test(deleteUnreachable)) {
    failures.push({
      property: "deleteUnreachable",
      reason: mustBe(TRUE_OR_FALSE, valueInWords(deleteUnreachable)),
    });
  }
  return {
    config: {
      proxyCommand: text("proxyCommand", "OVERLAYNET_PROXY_COMMAND"),
      sshDeadline: deadline === undefined || failures.length > 0 ? DEFAULT_SSH_DEADLINE : Number(deadline),
      deleteUnreachable: deleteUnreachable === "true" || deleteUnreachable === "1",
    },
    failures,
  };
}
