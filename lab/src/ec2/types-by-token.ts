import type { ResourceType } from "./engine/resource-type";
import * as registry from "./types/registry";

const types: readonly ResourceType[] = Object.values(registry);

/** Every resource type of the aws package that the lab models, by token. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(types.map((type) => [type.token, type]));
