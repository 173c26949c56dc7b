"use strict";
/**
 * Stryker's runner 10.0.0 asks for mocha's `lib/cli/run-helpers` without an ending, and mocha 12 has it as .cjs, which
 * require() does not try by itself.
 */
require("node:module")._extensions[".cjs"] ??= require("node:module")._extensions[".js"];
