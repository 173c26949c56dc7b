import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { poolsCheckCommand } from "./pools-check";

/** `overlaynet pools …`: what concerns IP pools alone. */
export function poolsCommand(): Command {
  const pools = new Command("pools").description("work with Calico IPPool manifests").addCommand(poolsCheckCommand());
  return withHelp(pools, { examples: [["overlaynet pools check pools.yaml", "Calico's verdict on a manifest"]] });
}
