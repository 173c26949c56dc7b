import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { QuickStart, type Step } from "./quick-start";
import { WorkloadTraffic } from "./workload-traffic";

/** Packets a second from every workload to every other. */
export const RATE = 200;

/** examples/overlay on a lab of its own. */
export class OverlayExample extends WorkloadTraffic {
  readonly program: string;
  readonly manifest: string;

  constructor() {
    super(new QuickStart("examples/overlay"), RATE);
    this.program = readFileSync(join(this.quickStart.dir, "index.ts"), "utf8");
    this.manifest = readFileSync(join(this.quickStart.dir, "pools.yaml"), "utf8");
  }

  /** The stack, whose modes are going to be switched. */
  async start(): Promise<void> {
    await this.pulumi("stack", "init", "test");
    await this.pulumi("config", "set", "--stack", "test", "keepForwarding", "true");
  }

  async pulumi(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.quickStart.pulumi(...args);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return stdout;
  }

  /** Brings the program up and gives what it did, `create overlaynet:index:Routes joined-blue-1` for one. */
  async up(): Promise<string[]> {
    const { code, stdout, stderr, steps } = await this.quickStart.steps("up");
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    return steps.filter(isChange).map(({ op, type, name }) => `${op} ${type} ${name}`);
  }

  /** The program with other statements in place of its Overlay. */
  withOverlays(statements: string, program = this.program): string {
    const begin = program.indexOf("  const overlay = new");
    const end = program.indexOf("\n};\n", begin);
    assert.ok(begin > 0 && end > begin);
    return `${program.slice(0, begin)}${statements}${program.slice(end)}`;
  }
}

const isChange = ({ op }: Step): boolean => op !== "same" && op !== "read";

/** The text with something else in one place; an error where that is not there. */
export function replaced(text: string, old: string, now: string): string {
  assert.ok(text.includes(old), `${old} is not in it`);
  return text.replace(old, now);
}
