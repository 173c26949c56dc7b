import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import { UNKNOWN } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { type Account, PUBLIC_KEY, type Resource } from "../../support/account-in-memory";
import { Network } from "./network";

describe("EC2's API in the lab", () => {
  let network: Network;
  let account: Account;
  beforeEach(async () => {
    network = await Network.make();
    account = network.account;
  });

  describe("refuses", () => {
    const refusals: readonly (readonly [what: string, call: () => Promise<unknown>, says: RegExp])[] = [
      [
        "a subnet that overlaps",
        () => account.create(EC2.subnet, "x", { vpcId: network.vpc.id, cidrBlock: "10.1.0.128/25" }),
        /^1 error occurred:\n\t\* creating EC2 Subnet: operation error EC2: CreateSubnet, api error InvalidSubnet\.Conflict: The CIDR '10\.1\.0\.128\/25' conflicts with another subnet\n\n$/,
      ],
      [
        "a subnet outside its VPC",
        () => account.create(EC2.subnet, "x", { vpcId: network.vpc.id, cidrBlock: "10.99.1.0/24" }),
        /InvalidSubnet\.Range: The CIDR '10\.99\.1\.0\/24' is invalid\./,
      ],
      [
        "a subnet too small",
        () => account.create(EC2.subnet, "x", { vpcId: network.vpc.id, cidrBlock: "10.1.1.0/29" }),
        /InvalidSubnet\.Range/,
      ],
      [
        "a zone that is not there",
        () =>
          account.create(EC2.subnet, "x", {
            vpcId: network.vpc.id,
            cidrBlock: "10.1.1.0/24",
            availabilityZone: "us-east-1z",
          }),
        /Value \(us-east-1z\) for parameter availabilityZone is invalid.*: us-east-1a, us-east-1b/,
      ],
      [
        "a VPC that is not there",
        () => account.create(EC2.subnet, "x", { vpcId: "vpc-0", cidrBlock: "10.1.1.0/24" }),
        /InvalidVpcID\.NotFound: The vpc ID 'vpc-0' does not exist/,
      ],
      [
        "a reserved address",
        () => network.instance("x", { privateIp: "10.1.0.3" }),
        /InvalidParameterValue: Address 10\.1\.0\.3 is in subnet's reserved address range/,
      ],
      ["the broadcast address", () => network.instance("x", { privateIp: "10.1.0.255" }), /reserved address range/],
      [
        "an address outside the subnet",
        () => network.instance("x", { privateIp: "10.1.1.4" }),
        /Address 10\.1\.1\.4 does not fall within the subnet's address range/,
      ],
      [
        "an image that is not there",
        () => network.instance("x", { ami: "ami-01234567" }),
        /creating EC2 Instance: .*InvalidAMIID\.NotFound: The image id '\[ami-01234567\]' does not exist.*debian-12-amd64/,
      ],
      [
        "an image of another architecture",
        () => network.instance("x", { instanceType: "t4g.micro" }),
        /architecture 'arm64' of the specified instance type does not match/,
      ],
      [
        "an instance type that is not there",
        () => network.instance("x", { instanceType: "t9.huge" }),
        /Invalid value 't9\.huge' for InstanceType\./,
      ],
      [
        "a key pair that is not there",
        () => network.instance("x", { keyName: "none" }),
        /InvalidKeyPair\.NotFound: The key pair 'none' does not exist/,
      ],
      [
        "a security group that is not there",
        () => network.instance("x", { vpcSecurityGroupIds: ["sg-0"] }),
        /InvalidGroup\.NotFound: The security group 'sg-0' does not exist/,
      ],
      [
        "another zone than the subnet's",
        () => network.instance("x", { availabilityZone: "us-east-1b" }),
        /does not match the subnet/,
      ],
      [
        "too much user data",
        () => network.instance("x", { userDataBase64: Buffer.alloc(16385).toString("base64") }),
        /User data is limited to 16384 bytes/,
      ],
      [
        "a public key that is none",
        () => account.create(EC2.keyPair, "x", { publicKey: "ssh-ed25519 AAAA me" }),
        /importing EC2 Key Pair \(x-[0-9a-f]{7}\): .*InvalidKeyPair\.Format: Key is not in valid OpenSSH public key format/,
      ],
      [
        "a private key",
        () => account.create(EC2.keyPair, "x", { publicKey: "-----BEGIN OPENSSH PRIVATE KEY-----" }),
        /Format: Key is not in valid OpenSSH public key format\n\n$/,
      ],
      [
        "an unknown protocol",
        () => network.rule("x", { ipProtocol: "ipip", cidrIpv4: "10.0.0.0/8" }),
        /^creating VPC Security Group Rule: operation error EC2: AuthorizeSecurityGroupIngress, api error InvalidParameterValue: Invalid value 'ipip' for IP protocol\. Unknown protocol\.$/,
      ],
      [
        "a protocol above 255",
        () => network.rule("x", { ipProtocol: "300", cidrIpv4: "10.0.0.0/8" }),
        /Unknown protocol/,
      ],
      [
        "TCP without ports",
        () => network.rule("x", { ipProtocol: "tcp", cidrIpv4: "10.0.0.0/8", toPort: 22 }),
        /Must specify both from and to ports with TCP\/UDP/,
      ],
      [
        "ports the wrong way round",
        () => network.rule("x", { ipProtocol: "udp", cidrIpv4: "10.0.0.0/8", fromPort: 2, toPort: 1 }),
        /Invalid TCP\/UDP port range \(2:1\)/,
      ],
      [
        "ICMPv6",
        () => network.rule("x", { ipProtocol: "icmpv6", cidrIpv4: "10.0.0.0/8" }),
        /the lab does not model ICMPv6/,
      ],
      [
        "a description that AWS refuses",
        () => network.rule("x", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8", description: "it's" }),
        /Invalid rule description/,
      ],
      [
        "a peering with itself",
        () => account.create(EC2.peering, "x", { vpcId: network.vpc.id, peerVpcId: network.vpc.id }),
        /overlapping CIDR range/,
      ],
      [
        "autoAccept with a region",
        () =>
          account.create(EC2.peering, "x", {
            vpcId: network.vpc.id,
            peerVpcId: network.vpc.id,
            peerRegion: "us-east-1",
            autoAccept: true,
          }),
        /`peer_region` cannot be set whilst `auto_accept` is `true`/,
      ],
      [
        "a peering with another account",
        () =>
          account.create(EC2.peering, "x", { vpcId: network.vpc.id, peerVpcId: "vpc-1", peerOwnerId: "123456789012" }),
        /the lab does not model a peering connection to 123456789012/,
      ],
      [
        "a second group of a name",
        () => account.create(EC2.securityGroup, "x", { vpcId: network.vpc.id, name: "default" }),
        /creating Security Group \(default\): .*InvalidGroup\.Duplicate: The security group 'default' already exists for VPC 'vpc-/,
      ],
      [
        "a group without a description",
        () => account.create(EC2.securityGroup, "x", { vpcId: network.vpc.id, description: "" }),
        /MissingParameter: The request must contain the parameter GroupDescription/,
      ],
      [
        "a second gateway of a VPC",
        async () => (
          await account.create(EC2.internetGateway, "a", { vpcId: network.vpc.id }),
          account.create(EC2.internetGateway, "b", { vpcId: network.vpc.id })
        ),
        /already has an internet gateway attached/,
      ],
    ];
    for (const [what, call, says] of refusals) {
      it(what, async () => {
        const before = account.backend.list().length;
        await assert.rejects(call, (error: Error) => (assert.match(error.message, says), true));
        // The few that prepare something leave just that: a VPC with what comes with it at the most.
        assert.equal(account.backend.list().length - before <= 8, true);
      });
    }

    it("a VPC of addresses that no VPC can have", async () => {
      for (const cidrBlock of ["127.0.0.0/16", "169.254.0.0/16", "224.1.0.0/16", "0.1.0.0/16"]) {
        await assert.rejects(
          account.create(EC2.vpc, "x", { cidrBlock }),
          new RegExp(
            `creating EC2 VPC: operation error EC2: CreateVpc, api error InvalidVpc\\.Range: The CIDR '${cidrBlock}' is invalid\\.`,
          ),
        );
      }
    });

    it("a change of a rule to one that EC2 refuses, by the action that changes it", async () => {
      const rule = await network.rule("r", { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "10.0.0.0/8" });
      await network.rule("s", { ipProtocol: "tcp", fromPort: 23, toPort: 23, cidrIpv4: "10.0.0.0/8" });
      const changed = (more: object): Promise<Resource> =>
        account.update(rule, { securityGroupId: network.group.id, ipProtocol: "tcp", cidrIpv4: "10.0.0.0/8", ...more });
      await assert.rejects(
        changed({ toPort: 22 }),
        /^Error: updating VPC Security Group Rule \(sgr-\w+\): operation error EC2: ModifySecurityGroupRules, api error InvalidParameterValue: Invalid value for portRange\. Must specify both from and to ports with TCP\/UDP\.$/,
      );
      await assert.rejects(changed({ fromPort: 23, toPort: 23 }), /InvalidPermission\.Duplicate/);
      assert.equal(account.refresh(rule)?.outputs["toPort"], 22);
    });

    it("ICMP without a type, and one that is none", async () => {
      await assert.rejects(
        network.rule("r", { ipProtocol: "icmp", cidrIpv4: "10.0.0.0/8" }),
        /Must specify both from and to ports with ICMP/,
      );
      await assert.rejects(
        network.rule("r", { ipProtocol: "icmp", cidrIpv4: "10.0.0.0/8", fromPort: 300, toPort: 0 }),
        /Invalid ICMP type or code \(300:0\)/,
      );
      await network.rule("r", { ipProtocol: "icmp", cidrIpv4: "10.0.0.0/8", fromPort: -1, toPort: -1 });
    });

    it("rules written in a group that EC2 refuses", async () => {
      const group = (...ingress: object[]): Promise<Resource> =>
        account.create(EC2.securityGroup, "x", { vpcId: network.vpc.id, ingress });
      const rule = { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["10.0.0.0/8"] };
      await assert.rejects(group({ ...rule, fromPort: 23 }), /Invalid TCP\/UDP port range \(23:22\)/);
      await assert.rejects(
        group({ ...rule, protocol: "-1" }),
        /^Error: 1 error occurred:\n\t\* from_port \(22\) and to_port \(22\) must both be 0 to use the 'ALL' "-1" protocol!\n\n$/,
      );
      await assert.rejects(
        group(rule, { ...rule, cidrBlocks: ["10.0.0.0/8", "192.168.0.0/16"] }),
        /InvalidParameterValue: The same permission must not appear multiple times/,
      );
      await assert.rejects(
        group({ ...rule, cidrBlocks: [], securityGroups: ["sg-0"] }),
        /InvalidGroup\.NotFound: The security group 'sg-0' does not exist/,
      );
      const other = await Network.make(account, "10.2");
      await assert.rejects(
        group({ ...rule, cidrBlocks: [], securityGroups: [other.group.id] }),
        /InvalidGroup\.NotFound: You have specified two resources that belong to different networks\./,
      );
      const made = await group(rule);
      await account.create(EC2.ingressRule, "y", {
        securityGroupId: made.id,
        ipProtocol: "tcp",
        fromPort: 80,
        toPort: 80,
        cidrIpv4: "10.0.0.0/8",
      });
      await assert.rejects(
        account.update(made, { vpcId: network.vpc.id, ingress: [{ ...rule, fromPort: 80, toPort: 80 }] }),
        /updating Security Group \(sg-\w+\): .*InvalidPermission\.Duplicate/,
      );
    });

    it("routes written in a table that EC2 refuses", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const to = (...destinations: string[]): object[] =>
        destinations.map((cidrBlock) => ({ cidrBlock, gatewayId: gateway.id }));
      await assert.rejects(
        account.create(EC2.routeTable, "t", { vpcId: network.vpc.id, routes: to("0.0.0.0/0", "0.0.0.0/0") }),
        /RouteAlreadyExists/,
      );
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id, routes: to("0.0.0.0/0") });
      await assert.rejects(
        account.create(EC2.route, "r", {
          routeTableId: table.id,
          destinationCidrBlock: "0.0.0.0/0",
          gatewayId: gateway.id,
        }),
        /RouteAlreadyExists: The route identified by 0\.0\.0\.0\/0 already exists\./,
      );
      await account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "192.0.2.0/24",
        gatewayId: gateway.id,
      });
      await assert.rejects(
        account.update(table, { vpcId: network.vpc.id, routes: to("192.0.2.0/24") }),
        /updating EC2 Route Table \(rtb-\w+\): .*RouteAlreadyExists/,
      );
    });

    it("what belongs to another network", async () => {
      const other = await Network.make(account, "10.2");
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      await assert.rejects(
        account.create(EC2.routeTableAssociation, "a", { routeTableId: table.id, subnetId: other.subnet.id }),
        /InvalidParameterValue: Route table rtb-\w+ and subnet subnet-\w+ belong to different networks/,
      );
      await assert.rejects(
        network.instance("i", { vpcSecurityGroupIds: [other.group.id] }),
        /InvalidParameter: Security group sg-\w+ and subnet subnet-\w+ belong to different networks\./,
      );
      const third = await Network.make(account, "10.3");
      const peering = await account.create(EC2.peering, "p", {
        vpcId: other.vpc.id,
        peerVpcId: third.vpc.id,
        autoAccept: true,
      });
      await assert.rejects(
        account.create(EC2.route, "r", {
          routeTableId: table.id,
          destinationCidrBlock: "10.3.0.0/16",
          vpcPeeringConnectionId: peering.id,
        }),
        /belong to different networks/,
      );
    });

    it("an instance in a subnet that has no address left", async () => {
      const subnet = await account.create(EC2.subnet, "u", { vpcId: network.vpc.id, cidrBlock: "10.1.9.0/28" });
      for (let i = 0; i < 11; i++) await network.instance(`i${i}`, { subnetId: subnet.id });
      await assert.rejects(
        network.instance("x", { subnetId: subnet.id }),
        /InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet 'subnet-\w+' to satisfy the requested number of instances\./,
      );
    });

    it("secondary addresses that are taken, reserved or outside, when made and when changed", async () => {
      await network.instance("a", { privateIp: "10.1.0.10" });
      const says: readonly (readonly [string, RegExp])[] = [
        ["10.1.0.10", /InvalidIPAddress\.InUse: Address 10\.1\.0\.10 is in use\./],
        ["10.1.0.1", /InvalidParameterValue: Address 10\.1\.0\.1 is in subnet's reserved address range/],
        ["10.1.1.9", /InvalidParameterValue: Address 10\.1\.1\.9 does not fall within the subnet's address range/],
      ];
      const instance = await network.instance("b", { secondaryPrivateIps: ["10.1.0.20"] });
      for (const [address, message] of says) {
        await assert.rejects(network.instance("c", { secondaryPrivateIps: [address] }), message);
        await assert.rejects(
          account.update(instance, network.instanceArgs({ secondaryPrivateIps: [address] })),
          message,
        );
      }
      await account.update(instance, network.instanceArgs({ secondaryPrivateIps: ["10.1.0.20", "10.1.0.21"] }));
    });

    it("tags that instance metadata cannot show", async () => {
      const tags = { "kubernetes.io/cluster": "x" };
      await assert.rejects(
        network.instance("i", { tags, metadataOptions: { instanceMetadataTags: "enabled" } }),
        /InvalidParameterValue: 'kubernetes\.io\/cluster' is not a valid tag key\. Tag keys must match pattern/,
      );
      await network.instance("i", { tags });
    });

    it("a duplicate rule, in whatever spelling", async () => {
      await network.rule("a", { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "10.0.0.0/8" });
      const says =
        /InvalidPermission\.Duplicate: the specified rule "peer: 10\.0\.0\.0\/8, TCP, from port: 22, to port: 22, ALLOW" already exists/;
      await assert.rejects(
        network.rule("b", { ipProtocol: "6", fromPort: 22, toPort: 22, cidrIpv4: "10.0.0.0/8" }),
        says,
      );
      await network.rule("c", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
      await assert.rejects(
        network.rule("d", { ipProtocol: "4", fromPort: 0, toPort: 0, cidrIpv4: "10.0.0.0/8" }),
        /"peer: 10\.0\.0\.0\/8, 4, ALLOW" already exists/,
      );
      await network.rule("e", { ipProtocol: "tcp", fromPort: 22, toPort: 23, cidrIpv4: "10.0.0.0/8" });
    });

    it("the 61st rule of a group", async () => {
      for (let port = 0; port < 60; port++)
        await network.rule(`r${port}`, { ipProtocol: "tcp", fromPort: port, toPort: port, cidrIpv4: "10.0.0.0/8" });
      await assert.rejects(
        network.rule("x", { ipProtocol: "tcp", fromPort: 60, toPort: 60, cidrIpv4: "10.0.0.0/8" }),
        /RulesPerSecurityGroupLimitExceeded/,
      );
    });

    it("an address that is taken, and gives the next free one", async () => {
      await network.instance("a", { privateIp: "10.1.0.4" });
      await assert.rejects(
        network.instance("b", { privateIp: "10.1.0.4" }),
        /InvalidIPAddress\.InUse: Address 10\.1\.0\.4 is in use\./,
      );
      assert.equal((await network.instance("c")).outputs["privateIp"], "10.1.0.5");
    });

    it("a reference to a group of a VPC without an active peering", async () => {
      const other = await Network.make(account, "10.2");
      const rule = { ipProtocol: "4", referencedSecurityGroupId: other.group.id };
      await assert.rejects(
        network.rule("x", rule),
        /InvalidGroup\.NotFound: You have specified two resources that belong to different networks\./,
      );
      const peering = await account.create(EC2.peering, "p", { vpcId: network.vpc.id, peerVpcId: other.vpc.id });
      assert.equal(peering.outputs["acceptStatus"], "pending-acceptance");
      await assert.rejects(network.rule("x", rule), /different networks/);
      assert.equal(
        (await account.update(peering, { vpcId: network.vpc.id, peerVpcId: other.vpc.id, autoAccept: true })).outputs[
          "acceptStatus"
        ],
        "active",
      );
      await network.rule("x", rule);
    });

    it("routes that AWS refuses", async () => {
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const gateway = await account.create(EC2.internetGateway, "i", { vpcId: network.vpc.id });
      const stranger = await account.create(EC2.internetGateway, "j", {});
      const route = (destinationCidrBlock: string, gatewayId = gateway.id): Promise<Resource> =>
        account.create(EC2.route, "r", { routeTableId: table.id, destinationCidrBlock, gatewayId });
      await assert.rejects(route("10.1.0.0/16"), /equal to or more specific than one of this VPC's CIDR blocks/);
      await assert.rejects(route("10.1.0.4/32"), /equal to or more specific/);
      for (const reserved of ["169.254.169.0/24", "169.254.168.0/22", "169.254.171.255/32"])
        await assert.rejects(route(reserved), /169\.254\.168\.0\/22/);
      for (const larger of ["169.254.160.0/20", "169.254.0.0/16"]) await route(larger);
      await assert.rejects(route("0.0.0.0/0", stranger.id), /belong to different networks/);
      await assert.rejects(route("0.0.0.0/0", "igw-0"), /InvalidGatewayID\.NotFound/);
      const made = await route("0.0.0.0/0");
      assert.equal(made.id, `r-${table.id}1080289494`);
      await assert.rejects(
        route("0.0.0.0/0"),
        /creating Route in Route Table \(rtb-\w+\) with destination \(0\.0\.0\.0\/0\): .*RouteAlreadyExists: The route identified by 0\.0\.0\.0\/0 already exists\./,
      );
    });

    it("routes more specific than the local one, but those of whole subnets to a network interface (AWS-6, vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const networkInterfaceId = (await network.instance("i")).outputs["primaryNetworkInterfaceId"];
      const route = (destinationCidrBlock: string): Promise<Resource> =>
        account.create(EC2.route, "r", { routeTableId: table.id, destinationCidrBlock, networkInterfaceId });
      for (const part of ["10.1.0.0/25", "10.1.0.4/32", "10.1.0.0/23"])
        await assert.rejects(
          route(part),
          /api error InvalidParameterValue: Route destination doesn't match any subnet CIDR blocks\./,
        );
      await assert.rejects(
        route("10.1.0.0/16"),
        /RouteAlreadyExists: The route identified by 10\.1\.0\.0\/16 already exists\./,
      );
      const made = await route("10.1.0.0/24");
      assert.equal(made.outputs["state"], "active");
      const inline = await account.create(EC2.routeTable, "u", {
        vpcId: network.vpc.id,
        routes: [{ cidrBlock: "10.1.0.0/24", networkInterfaceId }],
      });
      await assert.rejects(
        account.update(inline, { vpcId: network.vpc.id, routes: [{ cidrBlock: "10.1.0.0/25", networkInterfaceId }] }),
        /doesn't match any subnet/,
      );
      for (const record of account.backend.list()) if (record.type === EC2.instance) account.backend.remove(record.id);
      assert.equal(account.refresh(made)?.outputs["state"], "blackhole", "AWS-28");
    });

    it("a second route table for a subnet", async () => {
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      await account.create(EC2.routeTableAssociation, "a", { routeTableId: table.id, subnetId: network.subnet.id });
      await assert.rejects(
        account.create(EC2.routeTableAssociation, "b", { routeTableId: table.id, subnetId: network.subnet.id }),
        /Resource\.AlreadyAssociated/,
      );
    });

    it("to delete what is in use", async () => {
      const instance = await network.instance("i");
      await assert.rejects(
        account.delete(network.subnet),
        /deleting EC2 Subnet \(subnet-\w+\): operation error EC2: DeleteSubnet, api error DependencyViolation: The subnet 'subnet-\w+' has dependencies and cannot be deleted\./,
      );
      await assert.rejects(
        account.delete(network.group),
        /DependencyViolation: resource sg-\w+ has a dependent object/,
      );
      await assert.rejects(account.delete(network.vpc), /DependencyViolation: The vpc 'vpc-\w+' has dependencies/);
      await account.delete(instance);
      for (const resource of [network.subnet, network.group, network.vpc]) await account.delete(resource);
      assert.deepEqual(account.backend.list(), []);
    });

    for (const [what, make] of Object.entries({
      "a subnet": () => account.create(EC2.subnet, "u", { vpcId: network.vpc.id, cidrBlock: "10.1.9.0/24" }),
      "a security group": () => account.create(EC2.securityGroup, "h", { vpcId: network.vpc.id }),
      "a route table": () => account.create(EC2.routeTable, "t", { vpcId: network.vpc.id }),
      "an internet gateway": () => account.create(EC2.internetGateway, "i", { vpcId: network.vpc.id }),
      "a peering connection": async () =>
        account.create(EC2.peering, "p", {
          vpcId: (await Network.make(account, "10.2")).vpc.id,
          peerVpcId: network.vpc.id,
        }),
    })) {
      it(`to delete a VPC that has ${what}, until it is gone`, async () => {
        for (const resource of [network.group, network.subnet]) await account.delete(resource);
        const resource = await make();
        await assert.rejects(
          account.delete(network.vpc),
          /^Error: 1 error occurred:\n\t\* deleting EC2 VPC \(vpc-\w+\): operation error EC2: DeleteVpc, api error DependencyViolation: The vpc 'vpc-\w+' has dependencies and cannot be deleted\.\n\n$/,
        );
        await account.delete(resource);
        await account.delete(network.vpc);
      });
    }

    it("to delete a route table with associations, and a group that another names, unless its rules are revoked", async () => {
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const association = await account.create(EC2.routeTableAssociation, "a", {
        routeTableId: table.id,
        subnetId: network.subnet.id,
      });
      await assert.rejects(
        account.delete(table),
        /deleting EC2 Route Table \(rtb-\w+\): operation error EC2: DeleteRouteTable, api error DependencyViolation: The routeTable 'rtb-\w+' has dependencies and cannot be deleted\./,
      );
      await account.delete(association);
      await account.delete(table);

      const other = await account.create(EC2.securityGroup, "h", { vpcId: network.vpc.id });
      const rule = await network.rule("r", { ipProtocol: "4", referencedSecurityGroupId: other.id });
      await assert.rejects(
        account.delete(other),
        /deleting Security Group \(sg-\w+\): operation error EC2: DeleteSecurityGroup, api error DependencyViolation: resource sg-\w+ has a dependent object/,
      );
      await account.delete(await account.update(other, { vpcId: network.vpc.id, revokeRulesOnDelete: true }));
      assert.equal(account.refresh(rule), undefined);
    });

    it("to move a gateway away from public addresses", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      await network.instance("i", { associatePublicIpAddress: true });
      const other = await Network.make(account, "10.2");
      await assert.rejects(
        account.update(gateway, { vpcId: other.vpc.id }),
        /updating EC2 Internet Gateway \(igw-\w+\): .*DependencyViolation: Network vpc-\w+ has some mapped public address\(es\)/,
      );
    });

    it("to delete a gateway whose VPC has public addresses", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const instance = await network.instance("i", { associatePublicIpAddress: true });
      await assert.rejects(account.delete(gateway), /has some mapped public address\(es\)/);
      await account.delete(instance);
      await account.delete(gateway);
    });

    it("to delete a protected instance, unless it is forced", async () => {
      const instance = await network.instance("i", { disableApiTermination: true });
      await assert.rejects(account.delete(instance), /OperationNotPermitted/);
      assert.equal(account.backend.nodeState(instance.id), "running");
      await account.delete(
        await account.update(instance, network.instanceArgs({ disableApiTermination: true, forceDestroy: true })),
      );
      assert.equal(account.backend.nodeState(instance.id), "absent");
    });
  });

  it("knows in preview what it is going to be, and nothing else", async () => {
    const before = account.backend.events.length;
    const { id, outputs } = await account.preview(
      EC2.instance,
      "i",
      network.instanceArgs({ privateIp: "10.1.0.9", subnetId: UNKNOWN, tags: { Name: "i" } }),
    );
    assert.equal(id, "");
    assert.deepEqual(
      [outputs["privateIp"], outputs["tagsAll"], outputs["sourceDestCheck"], outputs["userData"]],
      ["10.1.0.9", { Name: "i" }, true, UNKNOWN],
    );
    for (const key of [
      "id",
      "arn",
      "publicIp",
      "primaryNetworkInterfaceId",
      "subnetId",
      "availabilityZone",
      "instanceState",
    ])
      assert.equal(outputs[key], UNKNOWN, key);
    assert.equal(account.backend.events.length, before);
  });

  it("merges default tags", async () => {
    account.provider.config = { region: "us-east-1", defaultTags: { team: "net", Name: "none" } };
    const { outputs } = await account.create(EC2.vpc, "x", { cidrBlock: "10.9.0.0/16", tags: { Name: "x" } });
    assert.deepEqual([outputs["tags"], outputs["tagsAll"]], [{ Name: "x" }, { team: "net", Name: "x" }]);
  });

  it("keeps regions apart", async () => {
    await assert.rejects(
      account.create(EC2.subnet, "x", { vpcId: network.vpc.id, cidrBlock: "10.1.1.0/24", region: "eu-central-1" }),
      /InvalidVpcID\.NotFound/,
    );
    const vpc = await account.create(EC2.vpc, "x", { cidrBlock: "10.1.0.0/16", region: "eu-central-1" });
    assert.match(String(vpc.outputs["arn"]), /^arn:aws:ec2:eu-central-1:000000000000:vpc\/vpc-[0-9a-f]{17}$/);
    assert.equal(account.refresh(vpc)?.id, vpc.id);
    await account.delete(vpc);
  });

  it("gives public addresses of TEST-NET-3, then of TEST-NET-2, and keeps them", async () => {
    const { backend } = account;
    const first = await network.instance("i", { associatePublicIpAddress: true });
    assert.equal(first.outputs["publicIp"], "203.0.113.1");
    const [record] = backend.list().filter(({ id }) => id === first.id);
    if (record === undefined) throw new Error("no record");
    for (let i = 2; i < 255; i++)
      backend.put({
        ...record,
        id: `i-${i}`,
        outputs: { ...record.outputs, region: "eu-central-1", publicIp: `203.0.113.${i}` },
      });
    backend.failures.set("reconcile", "not asked here: these instances have no network");
    const error: unknown = await network
      .instance("j", { associatePublicIpAddress: true })
      .catch((failure: unknown) => failure);
    if (!(error instanceof ResourceInitFailed)) throw error;
    // .1 of it is the lab's internet.
    assert.equal(error.outputs["publicIp"], "198.51.100.2");
    for (let i = 2; i < 255; i++) backend.remove(`i-${i}`);
    assert.equal(
      (await account.update(first, network.instanceArgs({ associatePublicIpAddress: true, sourceDestCheck: false })))
        .outputs["publicIp"],
      "203.0.113.1",
    );
  });

  describe("an instance", () => {
    it("is a node on its card", async () => {
      const key = await account.create(EC2.keyPair, "k", { publicKey: PUBLIC_KEY });
      const instance = await network.instance("i", {
        keyName: key.id,
        userData: "#!/bin/sh\n",
        instanceType: "t3.large",
      });
      const [spec] = account.backend.started;
      const eni = String(instance.outputs["primaryNetworkInterfaceId"]);
      assert.deepEqual(spec, {
        instanceId: instance.id,
        namespace: `lab-00000000-${eni}`,
        tap: "gst",
        mac: spec?.mac,
        address: "10.1.0.4",
        prefixLen: 24,
        gateway: "10.1.0.1",
        mtu: 9001,
        hostname: "ip-10-1-0-4",
        authorizedKeys: [PUBLIC_KEY],
        userDataBase64: Buffer.from("#!/bin/sh\n").toString("base64"),
        memoryMiB: 384,
        suite: "bookworm",
      });
      assert.match(spec?.mac ?? "", /^0a(:[0-9a-f]{2}){5}$/);
      assert.equal(instance.outputs["instanceState"], "running");
      assert.equal(account.backend.records.get(instance.id)?.outputs["instanceState"], "running");
    });

    it("has the system of its image", async () => {
      await network.instance("x");
      await network.instance("y", {
        ami: imagesOf("us-east-1").find(({ name }) => name.startsWith("debian-13-amd64-"))?.id,
      });
      assert.deepEqual(
        account.backend.started.map(({ suite }) => suite),
        ["bookworm", "trixie"],
      );
    });

    it("is started when the fabric holds its card", async () => {
      account.backend.events.length = 0;
      const { id } = await network.instance("i");
      assert.deepEqual(account.backend.events, ["lock", `put ${id}`, "reconcile", `start ${id}`, "lock", `put ${id}`]);
    });

    it("is ended before its card goes", async () => {
      const instance = await network.instance("i");
      account.backend.events.length = 0;
      await account.delete(instance);
      assert.deepEqual(account.backend.events, [
        `destroy ${instance.id}`,
        "lock",
        `remove ${instance.id}`,
        "reconcile",
      ]);
      await account.delete(instance);
    });

    it("changes its check and groups in place, with the node left alone", async () => {
      const instance = await network.instance("i");
      account.backend.events.length = 0;
      const other = await account.create(EC2.securityGroup, "h", { vpcId: network.vpc.id });
      const updated = await account.update(
        instance,
        network.instanceArgs({ sourceDestCheck: false, vpcSecurityGroupIds: [other.id] }),
      );
      assert.deepEqual(
        [updated.outputs["sourceDestCheck"], updated.outputs["vpcSecurityGroupIds"], updated.outputs["privateIp"]],
        [false, [other.id], "10.1.0.4"],
      );
      assert.deepEqual(
        account.backend.events.filter((event) => !event.startsWith("put")),
        ["lock", "reconcile", "lock", "reconcile"],
      );
    });

    it("restarts for another type", async () => {
      const instance = await network.instance("i");
      account.backend.events.length = 0;
      await account.update(instance, network.instanceArgs({ instanceType: "t3.medium" }));
      assert.deepEqual(account.backend.events.slice(-2), [`stop ${instance.id}`, `start ${instance.id}`]);
      assert.equal(account.backend.started.at(-1)?.memoryMiB, 256);
    });

    it("stays when its node does not start, and starts with the next update", async () => {
      account.backend.failures.set("startNode", "kernel panic");
      const error: unknown = await network.instance("i").catch((failure: unknown) => failure);
      if (!(error instanceof ResourceInitFailed)) throw error;
      assert.equal(error.message, "kernel panic");
      assert.equal(error.outputs["instanceState"], "pending");
      const resource: Resource = {
        urn: "urn:pulumi:test::project::aws:ec2/instance:Instance::i",
        id: error.id,
        inputs: account.check(EC2.instance, "i", network.instanceArgs()),
        outputs: error.outputs,
      };
      assert.equal(account.refresh(resource)?.outputs["instanceState"], "pending");
      assert.equal((await account.update(resource, network.instanceArgs())).outputs["instanceState"], "running");
      assert.equal(account.backend.nodeState(error.id), "running");
    });

    it("stays when the network fails, and says so", async () => {
      account.backend.failures.set("reconcile", "no nf_tables");
      const error: unknown = await network.instance("i").catch((failure: unknown) => failure);
      if (!(error instanceof ResourceInitFailed)) throw error;
      assert.equal(error.message, "the lab's network could not be set up: no nf_tables");
      assert.deepEqual(account.backend.started, []);
      const resource: Resource = {
        urn: "urn:pulumi:test::project::aws:ec2/instance:Instance::i",
        id: error.id,
        inputs: account.check(EC2.instance, "i", network.instanceArgs()),
        outputs: error.outputs,
      };
      assert.equal((await account.update(resource, network.instanceArgs())).outputs["instanceState"], "running");
    });

    it("shows that somebody stopped it", async () => {
      const instance = await network.instance("i");
      await account.backend.stopNode(instance.id);
      assert.equal(account.refresh(instance)?.outputs["instanceState"], "stopped");
      // As on AWS, a change of a tag starts nothing.
      await account.update(instance, network.instanceArgs({ tags: { a: "b" } }));
      assert.equal(account.backend.nodeState(instance.id), "stopped");
    });

    it("AWS-43 has no public address while it is stopped, which the provider reads as one that was to have none", async () => {
      const args = { ...network.instanceArgs(), associatePublicIpAddress: true };
      const instance = await account.create(EC2.instance, "i", args);
      await account.backend.stopNode(instance.id);
      const stopped = account.refresh(instance) ?? assert.fail();
      assert.deepEqual(
        ["publicIp", "publicDns", "associatePublicIpAddress"].map((name) => stopped.outputs[name]),
        ["", "", false],
      );
      const { replaces } = account.diff(stopped, args);
      assert.deepEqual(replaces, ["associatePublicIpAddress"]);
      // Its own address stays its own.
      const address = { domain: "vpc", instance: instance.id };
      await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const elastic = await account.create(EC2.eip, "e", address);
      const reachable = account.refresh(stopped) ?? assert.fail();
      assert.deepEqual(reachable.outputs["publicIp"], elastic.outputs["publicIp"]);
    });

    it("AWS-43 has another public address once it was stopped and started, and no other change gives it one", async () => {
      const args = { ...network.instanceArgs(), associatePublicIpAddress: true };
      const instance = await account.create(EC2.instance, "i", args);
      const first = instance.outputs["publicIp"];
      const tagged = await account.update(instance, { ...args, tags: { a: "b" } });
      assert.equal(tagged.outputs["publicIp"], first);
      const larger = await account.update(tagged, { ...args, instanceType: "t3.large" });
      assert.notEqual(larger.outputs["publicIp"], first);
      assert.equal(account.refresh(larger)?.outputs["publicIp"], larger.outputs["publicIp"]);
      const hidden = await account.create(EC2.instance, "h", { ...network.instanceArgs(), privateIp: undefined });
      assert.equal(
        (await account.update(hidden, network.instanceArgs({ instanceType: "t3.large" }))).outputs["publicIp"],
        "",
      );
    });

    it("without groups is in the VPC's default one", async () => {
      const instance = await network.instance("i", { vpcSecurityGroupIds: [] });
      assert.deepEqual(instance.outputs["vpcSecurityGroupIds"], [network.vpc.outputs["defaultSecurityGroupId"]]);
    });

    it("keeps its key when the key pair is deleted", async () => {
      const key = await account.create(EC2.keyPair, "k", { publicKey: PUBLIC_KEY });
      const instance = await network.instance("i", { keyName: key.id });
      await account.delete(key);
      await account.update(instance, network.instanceArgs({ keyName: key.id, instanceType: "t3.small" }));
      assert.deepEqual(account.backend.started.at(-1)?.authorizedKeys, [PUBLIC_KEY]);
    });
  });

  describe("read", () => {
    it("finds nothing of what is gone", () => {
      account.backend.remove(network.group.id);
      assert.equal(account.refresh(network.group), undefined);
    });

    it("brings drift into the inputs, and the next update takes it back", async () => {
      const instance = await network.instance("i", { sourceDestCheck: false, tags: { Name: "i" } });
      const record = account.backend.records.get(instance.id);
      if (record === undefined) throw new Error("no record");
      account.backend.put({ ...record, outputs: { ...record.outputs, sourceDestCheck: true } });
      const now = account.refresh(instance);
      if (now === undefined) throw new Error("gone");
      assert.deepEqual([now.inputs["sourceDestCheck"], now.outputs["sourceDestCheck"]], [true, true]);
      const wanted = network.instanceArgs({ sourceDestCheck: false, tags: { Name: "i" } });
      assert.deepEqual(account.diff(now, wanted).properties, ["sourceDestCheck"]);
      assert.equal((await account.update(now, wanted)).outputs["sourceDestCheck"], false);
    });

    it("changes nothing where nothing changed", async () => {
      const args = network.instanceArgs({
        metadataOptions: { httpTokens: "required" },
        rootBlockDevice: { volumeSize: 12 },
      });
      const instance = await account.create(EC2.instance, "i", args);
      const now = account.refresh(instance);
      assert.deepEqual(now, instance);
      assert.deepEqual(account.diff(instance, args).properties, []);
      const key = await account.create(EC2.keyPair, "k", { publicKey: `${PUBLIC_KEY}\n` });
      assert.deepEqual(account.refresh(key)?.inputs, key.inputs);
    });

    it("imports by id, and routes and associations as Terraform names them", async () => {
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const route = await account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        gatewayId: gateway.id,
      });
      const association = await account.create(EC2.routeTableAssociation, "a", {
        routeTableId: table.id,
        subnetId: network.subnet.id,
      });
      const nothing = { inputs: {}, outputs: {} };
      assert.deepEqual(account.provider.read(route.urn, `${table.id}_0.0.0.0/0`, nothing), {
        id: route.id,
        inputs: route.inputs,
        outputs: route.outputs,
      });
      assert.equal(
        account.provider.read(association.urn, `${network.subnet.id}/${table.id}`, nothing)?.id,
        association.id,
      );
      assert.equal(account.provider.read(network.vpc.urn, "vpc-0", nothing), undefined);
    });

    it("shows a route whose target is gone as a black hole", async () => {
      const other = await Network.make(account, "10.2");
      const peering = await account.create(EC2.peering, "p", {
        vpcId: network.vpc.id,
        peerVpcId: other.vpc.id,
        autoAccept: true,
      });
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const route = await account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "10.2.0.0/16",
        vpcPeeringConnectionId: peering.id,
      });
      assert.equal(route.outputs["state"], "active");
      await account.delete(peering);
      assert.equal(account.refresh(route)?.outputs["state"], "blackhole");
    });
  });

  describe("what comes with a resource", () => {
    const ofType = (type: string): string[] =>
      account.backend
        .list()
        .filter((record) => record.type === type)
        .map(({ id }) => id);

    it("goes with a VPC", async () => {
      for (const resource of [network.group, network.subnet]) await account.delete(resource);
      assert.equal(ofType(EC2.securityGroup).includes(String(network.vpc.outputs["defaultSecurityGroupId"])), true);
      await account.delete(network.vpc);
      assert.deepEqual(account.backend.list(), []);
    });

    it("is the rules written in a security group, each as one of its own", async () => {
      const inline = {
        vpcId: network.vpc.id,
        name: "inline",
        ingress: [
          { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["10.0.0.0/8", "192.168.0.0/16"] },
          { protocol: "4", fromPort: 0, toPort: 0, self: true },
        ],
      };
      const before = ofType(EC2.ingressRule);
      const group = await account.create(EC2.securityGroup, "inline", inline);
      const rules = (): object[] =>
        account.backend
          .list()
          .filter(
            ({ id, type, outputs }) =>
              type === EC2.ingressRule && !before.includes(id) && outputs["securityGroupId"] === group.id,
          )
          .map(({ outputs: { ipProtocol, fromPort, cidrIpv4, referencedSecurityGroupId } }) => ({
            ipProtocol,
            fromPort,
            source: cidrIpv4 ?? referencedSecurityGroupId,
          }));
      const sourced = (a: { source?: unknown }, b: { source?: unknown }): number =>
        String(a.source) < String(b.source) ? -1 : 1;
      assert.deepEqual(rules().sort(sourced), [
        { ipProtocol: "tcp", fromPort: 22, source: "10.0.0.0/8" },
        { ipProtocol: "tcp", fromPort: 22, source: "192.168.0.0/16" },
        { ipProtocol: "4", fromPort: undefined, source: group.id },
      ]);
      const [first] = inline.ingress;
      assert.deepEqual(account.diff(group, inline).properties, []);
      assert.deepEqual(account.diff(group, { ...inline, ingress: [...inline.ingress].reverse() }).properties, []);
      assert.deepEqual(account.diff(group, { ...inline, ingress: [first] }).properties, ["ingress"]);
      await account.update(group, { ...inline, ingress: [{ ...first, cidrBlocks: ["10.0.0.0/8"] }] });
      assert.deepEqual(rules(), [{ ipProtocol: "tcp", fromPort: 22, source: "10.0.0.0/8" }]);
      await assert.rejects(
        account.create(EC2.ingressRule, "x", {
          securityGroupId: group.id,
          ipProtocol: "tcp",
          fromPort: 22,
          toPort: 22,
          cidrIpv4: "10.0.0.0/8",
        }),
        /InvalidPermission\.Duplicate/,
      );
      await account.delete(group);
      assert.deepEqual(ofType(EC2.ingressRule), before);
    });

    it("is the routes written in a route table", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const routes = [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }];
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id, routes });
      assert.deepEqual(ofType(EC2.route), [`r-${table.id}1080289494`]);
      assert.deepEqual(account.diff(table, { vpcId: network.vpc.id, routes }).properties, []);
      await account.update(table, { vpcId: network.vpc.id, routes: [] });
      assert.deepEqual(ofType(EC2.route), []);
      await assert.rejects(
        account.update(table, { vpcId: network.vpc.id, routes: [{ cidrBlock: "10.1.0.0/24", gatewayId: gateway.id }] }),
        /updating EC2 Route Table .* equal to or more specific/,
      );
    });
  });

  it("waits with a deletion while what uses it is being deleted", async () => {
    const instance = await network.instance("i");
    await Promise.all(
      [network.vpc, network.group, network.subnet, instance].map((resource) => account.delete(resource)),
    );
    assert.deepEqual(account.backend.list(), []);
  });

  it("gives up when nothing that is under way can free it", async () => {
    await network.instance("i");
    const outcomes = await Promise.allSettled(
      [network.vpc, network.group, network.subnet].map((resource) => account.delete(resource)),
    );
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ["rejected", "rejected", "rejected"],
    );
  });

  it("names the function that it does not model", () => {
    assert.throws(
      () => account.provider.invoke("aws:s3/getBucket:getBucket", {}),
      /the lab does not model the function aws:s3\/getBucket:getBucket\. It models aws:ec2\/getAmi:getAmi/,
    );
  });
});
