/** What EC2's API refuses, with its error code (EC2 API Reference, "Error codes for the Amazon EC2 API"). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** The API's action, where it is not the one that makes, changes or deletes the resource. */
    readonly action?: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** What the provider itself refuses, in its own words: nothing is said before them. */
export class ProviderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ProviderError";
  }
}
