import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { pulumiPath } from "../../support/pulumi-path";

const SCHEMA = resolve(__dirname, "../../../provider/schema.json");

describe("schema.json, by Pulumi's own word", () => {
  it("passes Pulumi's check", () => {
    execFileSync("pulumi", ["schema", "check", SCHEMA], { env: { ...process.env, PATH: pulumiPath() }, stdio: "pipe" });
  });
});
