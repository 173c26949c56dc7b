/** What EC2's API refuses, with its error code (EC2 API Reference, "Error codes for the Amazon EC2 API"). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}
