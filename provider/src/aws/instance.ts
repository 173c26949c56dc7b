import { getAmiOutput, Instance, type KeyPair } from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { DEBIAN, type ImageIdentity } from "./distribution";
import type { NodeLayout } from "./layout";
import type { Network } from "./network";
import { type Scope, tagged } from "./scope";
import { cloudConfig } from "./user-data";

/** Debian's account on AWS (wiki.debian.org/Cloud/AmazonEC2Image). */
const DEBIAN_ACCOUNT = "136693071363";

/** The newest Debian 12 image for the architecture of the instance type. */
export function debianImage(scope: Scope, instanceType: pulumi.Input<string>): pulumi.Output<string> {
  const name = pulumi.output(instanceType).apply((type) => `debian-12-${isArm(type) ? "arm64" : "amd64"}-*`);
  const image = getAmiOutput(
    {
      owners: [DEBIAN_ACCOUNT],
      mostRecent: true,
      filters: [
        { name: "name", values: [name] },
        { name: "virtualization-type", values: ["hvm"] },
      ],
    },
    { parent: scope.parent },
  );
  return image.id;
}

/** Whose image it is that was chosen by its id. An id that is not there ends the preview, in AWS' words. */
export function identifyImage(scope: Scope, imageId: pulumi.Input<string>): pulumi.Output<ImageIdentity> {
  const image = getAmiOutput(
    { filters: [{ name: "image-id", values: [imageId] }], includeDeprecated: true },
    { parent: scope.parent },
  );
  return image.apply(({ id, name, ownerId }) => ({ id, name, ownerId }));
}

/**
 * Graviton: a `g` after the generation (EC2 User Guide, "Instance type naming conventions"); a1 came before the
 * convention.
 */
function isArm(instanceType: string): boolean {
  return /^(?:[a-z]+\d+g|a1\.)/.test(instanceType);
}

export interface InstanceArgs {
  readonly node: NodeLayout;
  readonly network: Network;
  readonly instanceType: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  /** The image was looked up, not chosen: a node keeps the one that it was made from when a newer one comes out. */
  readonly keepImage: boolean;
  /** What cloud-init installs, in the names of the image's distribution. Default: Debian's. */
  readonly packages?: pulumi.Input<readonly string[]>;
  readonly keyPair: KeyPair;
  readonly hostKey: { readonly privateKey: pulumi.Input<string>; readonly publicKey: pulumi.Input<string> };
}

/**
 * A node's instance. Its address is ours to choose, so it is known in preview, and an instance must go before its
 * replacement comes. It is replaced for what a user chose: subnet, image, key, name of the node, public address or not.
 * Other user data, of a release that words it otherwise, is for new nodes alone. AWS shows a stopped instance as one that
 * was to have no public address, so that is taken from the program, too.
 */
export function createInstance(scope: Scope, args: InstanceArgs): Instance {
  const { node, network } = args;
  const place = network.subnets.get(node.subnet.name);
  if (place === undefined) throw new Error(`there is no subnet ${node.subnet.key}`);
  const userData = pulumi
    .all([args.hostKey.privateKey, args.hostKey.publicKey, args.packages ?? DEBIAN.packages])
    .apply(([hostPrivateKey, hostPublicKey, packages]) => {
      return Buffer.from(cloudConfig({ hostname: node.name, hostPrivateKey, hostPublicKey, packages })).toString(
        "base64",
      );
    });
  const { publicIp } = node.subnet;
  return new Instance(
    `${scope.name}-${node.network}-${node.privateIp}`,
    {
      ami: args.image,
      instanceType: args.instanceType,
      subnetId: place.subnet.id,
      privateIp: node.privateIp,
      associatePublicIpAddress: publicIp,
      sourceDestCheck: node.sourceDestCheck,
      vpcSecurityGroupIds: [network.securityGroup.id],
      keyName: args.keyPair.keyName,
      userDataBase64: pulumi.secret(userData),
      // One hop: workloads, which are one further, cannot get at the instance's credentials.
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      tags: tagged(scope, `${scope.name}-${node.name}`),
    },
    {
      parent: scope.parent,
      deleteBeforeReplace: true,
      ignoreChanges: ["associatePublicIpAddress", "userDataBase64", ...(args.keepImage ? ["ami"] : [])],
      replacementTrigger: pulumi
        .output(args.hostKey.publicKey)
        .apply((hostKey) => ({ name: node.name, publicIp, hostKey })),
      additionalSecretOutputs: ["userDataBase64"],
      dependsOn: [...place.wayOut],
    },
  );
}
