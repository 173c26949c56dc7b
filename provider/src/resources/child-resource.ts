import * as pulumi from "@pulumi/pulumi";
import schema from "../../schema.json";
import { secretLeaves } from "../../../wire/schema-check";
import { VERSION } from "../version";

/** Inputs, each of whose values may be an Output, at any depth. */
export type Inputs<T> = { readonly [K in keyof T]: DeepInput<Exclude<T[K], undefined>> };
type DeepInput<T> = pulumi.Input<
  [T] extends [string | number | boolean]
    ? T
    : [T] extends [readonly (infer E)[]]
      ? readonly DeepInput<Exclude<E, undefined>>[]
      : { readonly [K in keyof T]: DeepInput<Exclude<T[K], undefined>> }
>;

/**
 * A custom resource of this package as a component registers it: what the generated SDK has, without a package to build
 * first. Its outputs are the schema's.
 */
export abstract class ChildResource extends pulumi.CustomResource {
  constructor(token: string, name: string, args: object, options: pulumi.CustomResourceOptions | undefined) {
    const { properties } = (schema.resources as Readonly<Record<string, { readonly properties: object }>>)[token] ?? {
      properties: {},
    };
    const outputs = Object.fromEntries(Object.keys(properties).map((key) => [key, undefined]));
    const secrets = secretLeaves(schema, token).flatMap(([key, ...below]) =>
      below.length === 0 && key !== undefined && key in properties ? [String(key)] : [],
    );
    // The version makes children share the provider process of the component that they are made by.
    const own = { version: VERSION, additionalSecretOutputs: secrets };
    super(token, name, { ...outputs, ...args }, pulumi.mergeOptions(own, options));
  }
}
