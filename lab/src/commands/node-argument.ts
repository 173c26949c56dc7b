import { Argument } from "commander";

/** What names a node on a command line; findNode takes all of it. */
export const NODE_WORDS = "instance id, Name tag or its end, or address";

/** The node that a command is about. */
export const NODE = new Argument("<node>", NODE_WORDS);
