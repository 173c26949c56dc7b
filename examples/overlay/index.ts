import * as aws from "@pulumi/aws";
import * as overlaynet from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const config = new pulumi.Config();
const zone = `${new pulumi.Config("aws").get("region") ?? "us-east-1"}a`;
const adminCidrBlocks = config.getObject<string[]>("adminCidrBlocks") ?? [];

// What is known before anything is made: the manifests, the networks, and who stands where.
const ipPools = readFileSync(join(__dirname, "pools.yaml"), "utf8");
const vpcs = [
  { name: "blue", cidrBlock: "10.1.0.0/16", subnetCidrBlock: "10.1.0.0/24" },
  { name: "green", cidrBlock: "10.2.0.0/16", subnetCidrBlock: "10.2.0.0/24" },
];
const networks = vpcs.map(({ name }) => ({ name, mtu: 9001 }));
const hosts = [
  { name: "blue-1", network: "blue", subnetCidrBlock: "10.1.0.0/24" },
  { name: "blue-2", network: "blue", subnetCidrBlock: "10.1.0.0/24" },
  { name: "green-1", network: "green", subnetCidrBlock: "10.2.0.0/24" },
];

export = async () => {
  // What the VPCs must let in for these pools, and which hosts must forward.
  const ingress = await overlaynet.getIngress({ ipPools, networks, hosts });

  const built = vpcs.map(({ name, cidrBlock, subnetCidrBlock }) => {
    const tags = { Name: name };
    const vpc = new aws.ec2.Vpc(name, { cidrBlock, tags });
    const gateway = new aws.ec2.InternetGateway(name, { vpcId: vpc.id, tags });
    const table = new aws.ec2.RouteTable(name, { vpcId: vpc.id, tags });
    const internet = new aws.ec2.Route(`${name}-internet`, {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    const subnet = new aws.ec2.Subnet(name, {
      vpcId: vpc.id,
      cidrBlock: subnetCidrBlock,
      availabilityZone: zone,
      tags,
    });
    const association = new aws.ec2.RouteTableAssociation(name, { routeTableId: table.id, subnetId: subnet.id });
    const group = new aws.ec2.SecurityGroup(name, { vpcId: vpc.id, description: `Hosts of ${name}`, tags });
    const egress = new aws.vpc.SecurityGroupEgressRule(name, {
      securityGroupId: group.id,
      ipProtocol: "-1",
      cidrIpv4: "0.0.0.0/0",
    });
    return { name, vpc, table, subnet, group, online: [internet, association, egress] };
  });
  const inVpc = (name: string): (typeof built)[number] => built.find((vpc) => vpc.name === name) ?? fail(name);

  const peering = new aws.ec2.VpcPeeringConnection("blue-green", {
    vpcId: inVpc("blue").vpc.id,
    peerVpcId: inVpc("green").vpc.id,
    autoAccept: true,
    tags: { Name: "blue-green" },
  });
  const routes = vpcs.flatMap((from) =>
    vpcs
      .filter((to) => to !== from)
      .map(
        (to) =>
          new aws.ec2.Route(`${from.name}-to-${to.name}`, {
            routeTableId: inVpc(from.name).table.id,
            destinationCidrBlock: to.cidrBlock,
            vpcPeeringConnectionId: peering.id,
          }),
      ),
  );

  // Rules are named after what AWS compares, so that a change of the pools adds the new ones before it removes the old.
  const rules = vpcs.flatMap(({ name }) => [
    ...adminCidrBlocks.map((cidrIpv4) => rule(name, "tcp", cidrIpv4, "ssh from the administrators", 22)),
    ...vpcs.map(({ cidrBlock }) => rule(name, "icmp", cidrBlock, "ICMP: path MTU discovery, ping", -1)),
    ...(ingress.networks.find(({ network }) => network === name)?.rules ?? []).flatMap(
      ({ protocol, cidrBlocks, reason, fromPort }) =>
        cidrBlocks.map((cidrIpv4) => rule(name, protocol, cidrIpv4, reason, fromPort)),
    ),
  ]);
  function rule(network: string, ipProtocol: string, cidrIpv4: string, description: string, port?: number) {
    return new aws.vpc.SecurityGroupIngressRule(`${network}-${ipProtocol}-${cidrIpv4.replace("/", "-")}`, {
      securityGroupId: inVpc(network).group.id,
      ipProtocol,
      cidrIpv4,
      description,
      fromPort: port,
      toPort: port,
    });
  }

  const userKey = new overlaynet.SshKey("user");
  const keyPair = new aws.ec2.KeyPair("user", { publicKey: userKey.publicKey });
  const image = aws.ec2.getAmiOutput({
    owners: ["136693071363"],
    mostRecent: true,
    filters: [
      { name: "name", values: ["debian-12-amd64-*"] },
      { name: "virtualization-type", values: ["hvm"] },
    ],
  });
  // While packets still go out with the workloads' addresses, the check must stay off: see README.md.
  const keepForwarding = config.getBoolean("keepForwarding") ?? false;
  const instances = hosts.map(({ name, network }) => {
    const hostKey = new overlaynet.SshKey(name);
    const { subnet, group, online } = inVpc(network);
    const mustForward = ingress.hosts.find((host) => host.name === name)?.forwarding ?? true;
    const instance = new aws.ec2.Instance(
      name,
      {
        ami: image.id,
        instanceType: "t3.micro",
        subnetId: subnet.id,
        associatePublicIpAddress: true,
        vpcSecurityGroupIds: [group.id],
        sourceDestCheck: !(mustForward || keepForwarding),
        keyName: keyPair.keyName,
        userDataBase64: userData(name, hostKey),
        tags: { Name: name },
      },
      { ignoreChanges: ["ami"], additionalSecretOutputs: ["userDataBase64"], dependsOn: online },
    );
    return { instance, hostKey };
  });

  const overlay = new overlaynet.Overlay(
    "joined",
    {
      ipPools,
      ipPoolsSource: "pools.yaml",
      networks,
      hosts: hosts.map((host, i) => {
        const { instance, hostKey } = instances[i] ?? fail(host.name);
        return {
          ...host,
          address: instance.privateIp,
          incarnation: instance.id,
          ssh: { host: instance.publicIp, hostKey: hostKey.publicKey },
        };
      }),
      ssh: { user: "admin", privateKey: userKey.privateKey },
      workloadsPerNode: 1,
    },
    { dependsOn: [...rules, ...routes] },
  );
  return { nodes: overlay.nodes, workloads: overlay.workloads, topology: overlay.topology, ssh: overlay.ssh };
};

/** The host's own key is given to it, so that no first connection is made on trust. */
function userData(hostname: string, key: overlaynet.SshKey): pulumi.Output<string> {
  const text = pulumi.jsonStringify({
    hostname,
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: key.privateKey,
      ed25519_public: key.publicKey,
    },
    package_update: true,
    packages: ["containernetworking-plugins", "iperf3", "nftables", "socat", "tcpdump"],
  });
  return pulumi.secret(text.apply((json) => Buffer.from(`#cloud-config\n${json}\n`).toString("base64")));
}

function fail(name: string): never {
  throw new Error(`there is no ${name} in the lists above`);
}
