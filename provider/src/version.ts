import schema from "../schema.json";

/** The provider's version: that of schema.json and of the SDKs. */
export const VERSION: string = schema.version;
