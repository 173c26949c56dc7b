import { Argument, Option } from "commander";
import { NODE_WORDS } from "../node-argument";
import { directions } from "./faults";

/** What names the wires that a fault is made on. */
export const WIRE_WORDS = `a node: ${NODE_WORDS}; or the id of a network interface, or the id or Name tag of a peering connection`;

export const WIRE = new Argument("<target>", WIRE_WORDS);

export const DIRECTION = new Option(
  "--direction <direction>",
  "as seen from the node, or from the requester of a peering connection",
)
  .choices(Object.keys(directions))
  .default("both");

export interface DirectionOptions {
  readonly direction: keyof typeof directions;
}
