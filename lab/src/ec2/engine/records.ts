import type { ResourceRecord } from "../../state/record";
import { textOf } from "./fields";
import { DEFAULT_QUOTAS, type Quotas } from "./quotas";

/** The records of one region of a lab, as a caller of the API sees them. */
export class Records {
  private readonly byType: ReadonlyMap<string, readonly ResourceRecord[]>;

  constructor(
    /** Those of all regions. */
    readonly account: readonly ResourceRecord[],
    readonly region: string,
    readonly quotas: Quotas = DEFAULT_QUOTAS,
  ) {
    const here = account.filter((record) => textOf(record.outputs, "region") === region);
    const byType = new Map<string, ResourceRecord[]>();
    for (const record of here) byType.set(record.type, [...(byType.get(record.type) ?? []), record]);
    this.byType = byType;
  }

  ofType(type: string): readonly ResourceRecord[] {
    return this.byType.get(type) ?? [];
  }

  find(type: string, id: string): ResourceRecord | undefined {
    return this.ofType(type).find((record) => record.id === id);
  }

  /** Records of a type whose output has a value: subnets of a VPC. */
  where(type: string, output: string, value: string): ResourceRecord[] {
    return this.ofType(type).filter((record) => record.outputs[output] === value);
  }
}
