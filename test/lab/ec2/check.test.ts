import assert from "node:assert/strict";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { UNKNOWN } from "../../../wire/property-value";
import { Account } from "../../support/account-in-memory";

const TARGETS =
  "`carrier_gateway_id,core_network_arn,egress_only_gateway_id,gateway_id,local_gateway_id,nat_gateway_id,network_interface_id,odb_network_arn,transit_gateway_id,vpc_endpoint_id,vpc_peering_connection_id`";
const SOURCES = "[cidr_ipv4,cidr_ipv6,prefix_list_id,referenced_security_group_id]";
const rule = { securityGroupId: "sg-1", ipProtocol: "tcp", fromPort: 1, toPort: 1 };
const instance = { ami: "ami-12345678", instanceType: "t3.micro" };

/** Inputs, and the first thing that the aws provider says about them, as recorded from it. */
const recorded: readonly (readonly [token: string, inputs: object, says: string])[] = [
  [
    EC2.vpc,
    { cidrBlock: "10.60.0.5/16" },
    "expected cidr_block to contain a valid network Value, expected 10.60.0.0/16, got 10.60.0.5/16. Examine values at 'x.cidrBlock'.",
  ],
  [
    EC2.vpc,
    { cidrBlock: "10.0.0.0/8" },
    `expected "cidr_block" to contain a network Value with between 16 and 28 significant bits, got: 8. Examine values at 'x.cidrBlock'.`,
  ],
  [
    EC2.vpc,
    { cidrBlock: "banana" },
    "expected cidr_block to contain a valid Value, got: banana with err: invalid CIDR address: banana. Examine values at 'x.cidrBlock'.",
  ],
  [
    EC2.vpc,
    { cidrBlock: "10.0.0.0/16", enableDnsSupport: "maybe" },
    `cannot parse '' as bool: strconv.ParseBool: parsing "maybe": invalid syntax. Examine values at 'x.enableDnsSupport'.`,
  ],
  [
    EC2.subnet,
    { vpcId: "vpc-1", cidrBlock: "10.50.9.7/24" },
    `"10.50.9.7/24" is not a valid IPv4 CIDR block; did you mean "10.50.9.0/24"?. Examine values at 'x.cidrBlock'.`,
  ],
  [
    EC2.route,
    { routeTableId: "rtb-1", destinationCidrBlock: "10.50.9.7/24", gatewayId: "igw-1" },
    `"10.50.9.7/24" is not a valid IPv4 CIDR block; did you mean "10.50.9.0/24"?. Examine values at 'x.destinationCidrBlock'.`,
  ],
  [
    EC2.route,
    { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0" },
    `Invalid combination of arguments. "carrier_gateway_id": one of ${TARGETS} must be specified. Examine values at 'x.carrierGatewayId'.`,
  ],
  [
    EC2.route,
    { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", gatewayId: "igw-1", vpcPeeringConnectionId: "pcx-1" },
    `Invalid combination of arguments. "carrier_gateway_id": only one of ${TARGETS} can be specified, but \`gateway_id,vpc_peering_connection_id\` were specified. Examine values at 'x.carrierGatewayId'.`,
  ],
  [
    EC2.ingressRule,
    { ...rule, cidrIpv4: "10.0.0.0/8", toPort: 70000 },
    "Invalid Attribute Value. Attribute to_port value must be between -1 and 65535, got: 70000. Examine values at 'x.toPort'.",
  ],
  [
    EC2.egressRule,
    { ...rule, cidrIpv4: "10.0.0.0/8", fromPort: -2 },
    "Invalid Attribute Value. Attribute from_port value must be between -1 and 65535, got: -2. Examine values at 'x.fromPort'.",
  ],
  // Pulumi's SDK is before it: Missing required property 'ipProtocol'.
  [
    EC2.ingressRule,
    { securityGroupId: "sg-1", cidrIpv4: "10.0.0.0/8" },
    `Missing required argument. The argument "ip_protocol" is required, but no definition was found. Examine values at 'x.ipProtocol'.`,
  ],
  [
    EC2.ingressRule,
    { ...rule, cidrIpv4: "10.0.0.1/8" },
    "Invalid Attribute Value. Attribute cidr_ipv4 value must be a valid IPv4 CIDR that represents a network address, got: 10.0.0.1/8. Examine values at 'x.cidrIpv4'.",
  ],
  [
    EC2.egressRule,
    { ...rule, cidrIpv4: "10.0.0.1" },
    "Invalid Attribute Value. Attribute cidr_ipv4 value must be a valid IPv4 CIDR that represents a network address, got: 10.0.0.1. Examine values at 'x.cidrIpv4'.",
  ],
  [
    EC2.ingressRule,
    { ...rule, cidrIpv4: "10.0.0.0/8", referencedSecurityGroupId: "sg-2" },
    `Invalid Attribute Combination. Exactly one of these attributes must be configured: ${SOURCES}. Examine values at 'x.cidrIpv4'.`,
  ],
  [
    EC2.ingressRule,
    rule,
    `Missing Attribute Configuration. Exactly one of these attributes must be configured: ${SOURCES}`,
  ],
  [
    EC2.instance,
    { ...instance, privateIp: "10.50.1.300" },
    "expected private_ip to contain a valid IPv4 address, got: 10.50.1.300. Examine values at 'x.privateIp'.",
  ],
  [
    EC2.instance,
    { instanceType: "t3.micro" },
    `Missing required argument. "ami": one of \`ami,launch_template\` must be specified. Examine values at 'x.ami'.`,
  ],
  [
    EC2.instance,
    { ...instance, metadataOptions: { httpTokens: "yes" } },
    `expected metadata_options.0.http_tokens to be one of ["optional" "required"], got yes. Examine values at 'x.metadataOptions.httpTokens'.`,
  ],
  [
    EC2.instance,
    { ...instance, metadataOptions: { httpPutResponseHopLimit: 0 } },
    "expected metadata_options.0.http_put_response_hop_limit to be in the range (1 - 64), got 0. Examine values at 'x.metadataOptions.httpPutResponseHopLimit'.",
  ],
  [
    EC2.instance,
    { ...instance, userData: "a", userDataBase64: "YQ==" },
    `Conflicting configuration arguments. "user_data": conflicts with user_data_base64. Examine values at 'x.userData'.`,
  ],
  [
    EC2.securityGroup,
    { namePrefix: "sg-x" },
    "invalid value for name_prefix (cannot begin with sg-). Examine values at 'x.namePrefix'.",
  ],
  [
    EC2.securityGroup,
    { name: "x".repeat(256) },
    `expected length of name to be in the range (0 - 255), got ${"x".repeat(256)}. Examine values at 'x.name'.`,
  ],
  [
    EC2.securityGroup,
    { ingress: [{ protocol: "tcp", fromPort: 1, toPort: 1, cidrBlocks: ["10.0.0.1/8"] }] },
    `"10.0.0.1/8" is not a valid IPv4 CIDR block; did you mean "10.0.0.0/8"?. Examine values at 'x.ingress[0].cidrBlocks'.`,
  ],
  [EC2.securityGroup, { name: "sg-x" }, "invalid value for name (cannot begin with sg-). Examine values at 'x.name'."],
];

describe("check of inputs", () => {
  const account = new Account();

  for (const [token, inputs, says] of recorded) {
    it(`${token.split(":").at(-1)} ${JSON.stringify(inputs)}`, () =>
      assert.equal(account.faults(token, "x", inputs)[0], says));
  }

  it("says it once per target of a route, as Terraform does", () => {
    assert.equal(
      account.faults(EC2.route, "x", { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0" }).length,
      11,
    );
  });

  it("finds all faults at once", () => {
    assert.equal(
      account.faults(EC2.instance, "x", {
        ami: 1,
        instanceType: {},
        privateIp: "x",
        tenancy: "y",
        metadataOptions: { httpTokens: "z" },
        nonsense: 1,
      }).length,
      5,
    );
  });

  it("refuses a security group whose logical name makes a name that AWS refuses", () => {
    assert.match(
      account.faults(EC2.securityGroup, "sg", {})[0] ?? "",
      /^invalid value for name \(cannot begin with sg-\)/,
    );
    assert.deepEqual(account.faults(EC2.securityGroup, "nodes", {}), []);
  });

  it("quotes no user data, which may hold a host key", () => {
    const [long = ""] = account.faults(EC2.instance, "x", { ...instance, userData: "secret".repeat(4000) });
    assert.equal(
      long,
      "expected length of user_data to be in the range (0 - 16384), got 24000 characters. Examine values at 'x.userData'.",
    );
    const [notBase64 = ""] = account.faults(EC2.instance, "x", { ...instance, userDataBase64: "secret!" });
    assert.equal(notBase64, `"user_data_base64" must be base64-encoded. Examine values at 'x.userDataBase64'.`);
  });

  it("accepts every spelling of a protocol, as the provider does", () => {
    for (const ipProtocol of ["4", "94", "ipip", "300", "TCP", "all", "-1"])
      assert.deepEqual(account.faults(EC2.ingressRule, "x", { ...rule, ipProtocol, cidrIpv4: "10.0.0.0/8" }), []);
  });

  it("accepts TCP without ports, which the API refuses, and base64 of any length", () => {
    assert.deepEqual(
      account.faults(EC2.ingressRule, "x", {
        securityGroupId: "sg-1",
        ipProtocol: "tcp",
        cidrIpv4: "10.0.0.0/8",
        toPort: 22,
      }),
      [],
    );
    assert.deepEqual(
      account.faults(EC2.instance, "x", { ...instance, userDataBase64: Buffer.alloc(30_000).toString("base64") }),
      [],
    );
  });

  it("says of arguments in conflict what each of them conflicts with", () => {
    assert.deepEqual(account.faults(EC2.instance, "x", { ...instance, userData: "a", userDataBase64: "YQ==" }), [
      `Conflicting configuration arguments. "user_data": conflicts with user_data_base64. Examine values at 'x.userData'.`,
      `Conflicting configuration arguments. "user_data_base64": conflicts with user_data. Examine values at 'x.userDataBase64'.`,
    ]);
  });

  it("judges nothing that is not known yet", () => {
    assert.deepEqual(account.faults(EC2.subnet, "x", { vpcId: UNKNOWN, cidrBlock: UNKNOWN, tags: UNKNOWN }), []);
    assert.deepEqual(account.faults(EC2.ingressRule, "x", { ...rule, referencedSecurityGroupId: UNKNOWN }), []);
    assert.deepEqual(
      account.faults(EC2.instance, "x", { ...instance, vpcSecurityGroupIds: [UNKNOWN], userDataBase64: UNKNOWN }),
      [],
    );
  });

  it("names what the lab does not model", () => {
    assert.match(
      account.faults(EC2.vpc, "x", { cidrBlock: "10.0.0.0/16", assignGeneratedIpv6CidrBlock: true })[0] ?? "",
      /^the lab does not model assignGeneratedIpv6CidrBlock of aws:ec2\/vpc:Vpc: its networks are IPv4 only/,
    );
    assert.match(
      account.faults(EC2.instance, "x", { ...instance, iamInstanceProfile: "admin" })[0] ?? "",
      /^the lab does not model iamInstanceProfile/,
    );
    assert.match(
      account.faults(EC2.instance, "x", { ...instance, ebsBlockDevices: [{ deviceName: "/dev/sdb" }] })[0] ?? "",
      /^the lab does not model ebsBlockDevices/,
    );
    assert.match(
      account.faults(EC2.vpc, "x", { cidrBlock: "10.0.0.0/16", region: "mars-1" })[0] ?? "",
      /^the lab does not know the region mars-1/,
    );
  });

  it("takes what it does not model when that says nothing", () => {
    assert.deepEqual(
      account.faults(EC2.instance, "x", {
        ...instance,
        ebsBlockDevices: [],
        hibernation: false,
        ipv6AddressCount: 0,
        hostId: "",
      }),
      [],
    );
  });

  it("refuses inputs that 7.48 does not have", () => {
    assert.match(
      account.faults(EC2.vpc, "x", { cidrBlock: "10.0.0.0/16", cidr: "10.0.0.0/16" })[0] ?? "",
      /of the aws package 7\.48 has no input cidr\./,
    );
  });

  it("names the type that the lab does not model", () => {
    const message = "the lab does not model the resource type aws:s3/bucket:Bucket. It models aws:ec2/";
    let said = "";
    try {
      account.faults("aws:s3/bucket:Bucket", "x", {});
    } catch (error) {
      said = String(error);
    }
    assert.equal(said.includes(message), true, said);
  });

  it("fills in defaults and lists them", () => {
    assert.deepEqual(account.check(EC2.vpc, "x", { cidrBlock: "10.0.0.0/16" }), {
      __defaults: ["enableDnsSupport"],
      cidrBlock: "10.0.0.0/16",
      enableDnsSupport: true,
    });
    const { metadataOptions, __defaults } = account.check(EC2.instance, "x", {
      ...instance,
      sourceDestCheck: false,
      metadataOptions: { httpTokens: "required" },
    });
    assert.deepEqual(__defaults, []);
    assert.deepEqual(metadataOptions, {
      __defaults: ["httpEndpoint", "httpProtocolIpv6"],
      httpEndpoint: "enabled",
      httpProtocolIpv6: "disabled",
      httpTokens: "required",
    });
  });

  it("takes strings for booleans and numbers, as the bridge does", () => {
    const { enableDnsSupport } = account.check(EC2.vpc, "x", { cidrBlock: "10.0.0.0/16", enableDnsSupport: "false" });
    assert.equal(enableDnsSupport, false);
    const { fromPort } = account.check(EC2.ingressRule, "x", { ...rule, cidrIpv4: "10.0.0.0/8", fromPort: "1" });
    assert.equal(fromPort, 1);
  });

  it("makes a name of seven hex digits once, and keeps it", () => {
    const first = account.check(EC2.keyPair, "kp", { publicKey: "k" });
    assert.match(String(first["keyName"]), /^kp-[0-9a-f]{7}$/);
    assert.deepEqual(first["__defaults"], ["keyName"]);
    assert.equal(account.check(EC2.keyPair, "kp", { publicKey: "other" }, first)["keyName"], first["keyName"]);
    assert.equal(account.check(EC2.keyPair, "kp", { publicKey: "k", keyNamePrefix: "p" })["keyName"], undefined);
  });
});
