import { isArray, type ManifestValue, manifestValueOf } from "../ippool/manifest-value";
import { MAX_TEXT_LENGTH, readYamlDocuments } from "../ippool/yaml-documents";
import { type ReadTopology, readTopology } from "./topology-reader";

/**
 * The topologies of a text: JSON or YAML, one topology, a list of them, or several YAML documents. Never throws for
 * what the text holds. JSON is read as JSON, since that takes a hundredth of the time; with problems in it, it is read
 * again as YAML for their positions.
 */
export function readTopologies(text: string): readonly ReadTopology[] {
  const quick = readJson(text.startsWith("\uFEFF") ? text.slice(1) : text);
  if (quick !== undefined && (text.length > MAX_TEXT_LENGTH || quick.every(({ problems }) => problems.length === 0)))
    return quick;
  return readYamlDocuments(text).flatMap(({ value, problems }) =>
    value === undefined
      ? [{ assign: false, topology: { nodes: [], pools: [], blocks: [] }, problems }]
      : topologiesIn(value),
  );
}

function readJson(text: string): readonly ReadTopology[] | undefined {
  try {
    return topologiesIn(manifestValueOf(JSON.parse(text)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function topologiesIn(value: ManifestValue): readonly ReadTopology[] {
  return isArray(value) ? value.value.map(readTopology) : [readTopology(value)];
}
