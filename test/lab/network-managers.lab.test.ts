import assert from "node:assert/strict";
import { basename } from "node:path";
import { rebootNode } from "../../lab/src/node/node";
import type { Suite } from "../../lab/src/state/paths";
import { closeConnections, pushPart, readParts, removePart } from "../../provider/src/ssh/push";
import { A, B } from "../support/node-plans";
import { OverlayPair } from "./overlay-pair";

/**
 * What Linux holds of the overlay and beside it: devices with their MAC addresses, addresses, routes, rules,
 * neighbours, FDB, filter.
 */
const STATE = `
  ip -o link show | sed 's/^[0-9]*: //'; ip -4 -o address show | sed 's/^[0-9]*: //'; ip rule show; ip route show table all type unicast; ip route show type blackhole
  ip neigh show nud permanent; for device in $(ls /sys/class/net | grep vxlan.calico); do sudo bridge fdb show dev $device; done
  sudo nft -s list table inet overlaynet; sysctl net.ipv4.ip_forward net.ipv4.conf.all.rp_filter net.ipv4.conf.ens5.rp_filter; sudo ip netns list`;
/** systemd-networkd has done all that it does once its interface is configured. */
const CONFIGURED =
  "timeout 30 sh -c \"until networkctl status ens5 | grep -q 'routable (configured)'; do sleep 0.1; done\"";

const RESTART = `sudo systemctl restart systemd-networkd && ${CONFIGURED}`;
const NETPLAN = `sudo netplan apply && ${CONFIGURED}`;
const OFF_AND_ON = "sudo nmcli networking off && sudo nmcli networking on && nm-online -s -q -t 30";

interface System {
  readonly name: string;
  /** Brings a node's network under its manager, where the image does not have it so. */
  readonly adopt?: string;
  readonly managers: string;
  readonly commands: Readonly<Record<string, string>>;
}

const systems: Readonly<Record<Suite, System>> = {
  bookworm: {
    name: "Debian 12 with systemd-networkd",
    // Where there is no udev, systemd-networkd waits for it for ever, unless /sys is read-only, as in a container.
    adopt: `sudo sh -c 'd=/etc/systemd/system/systemd-networkd.service.d; mkdir $d && printf "[Service]\\nReadOnlyPaths=/sys\\n" >$d/10-no-udev.conf
      printf "[Match]\\nName=ens5\\n[Network]\\nLinkLocalAddressing=no\\nAddress=${A.ip}/24\\nGateway=10.1.0.1\\n" >/etc/systemd/network/20-ens5.network
      ip route del default; systemctl daemon-reload; systemctl start systemd-networkd'; ${CONFIGURED}`,
    managers: "systemd-networkd",
    commands: { "systemctl restart systemd-networkd": RESTART },
  },
  trixie: {
    name: "Debian 13 with netplan, systemd-networkd, udev and NetworkManager",
    managers: "systemd-networkd systemd-udevd NetworkManager",
    commands: {
      "systemctl restart systemd-networkd": RESTART,
      "netplan apply": NETPLAN,
      "nmcli networking off and on": OFF_AND_ON,
      "systemctl restart NetworkManager": "sudo systemctl restart NetworkManager && nm-online -s -q -t 30",
    },
  },
};

for (const suite of ["bookworm", "trixie"] as const) {
  const { name, adopt, managers, commands } = systems[suite];
  describe(`overlay nodes of ${name}`, function () {
    this.timeout(120_000);
    let pair: OverlayPair;
    const a = (command: string): Promise<string> => pair.on("a", command);

    before(async () => {
      pair = await OverlayPair.start({ suite });
      await pair.nodes.untilSsh(pair.reached("a"));
      await a(adopt ?? CONFIGURED);
      await pair.push("VXLAN Always");
      // What stays does so by itself, not because the node's timer mends it.
      for (const node of ["a", "b"] as const) await pair.on(node, "sudo systemctl stop overlaynet.timer");
    });
    after(async () => {
      closeConnections();
      await pair.remove();
    });

    /** Runs a node's command and tells what is different after it, as lines that went and came. */
    async function changedBy(command: string): Promise<readonly string[]> {
      const before = (await a(STATE)).split("\n");
      await a(command);
      const after = (await a(STATE)).split("\n");
      return [
        ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
        ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
      ];
    }

    async function passes(wire: RegExp): Promise<void> {
      const seen = await pair.ping();
      assert.ok(seen.answered, "no answer");
      assert.match(seen.wire, wire);
    }

    it("have their network from those", async () => {
      assert.equal(
        await a(`. /etc/os-release; echo $VERSION_CODENAME; systemctl is-active ${managers}`),
        `${suite}\n${"active\n".repeat(managers.split(" ").length)}`,
      );
      assert.match(
        await a("ip -4 route show default; cat /sys/class/net/ens5/mtu"),
        /^default via 10\.1\.0\.1 dev ens5 proto static .*\n9001\n$/,
      );
      if (suite !== "trixie") return;
      assert.match(
        await a("sudo netplan get; nmcli -g DEVICE,STATE device"),
        /ens5:.*10\.1\.0\.10\/24.*ens5:unmanaged/s,
      );
      // What seeds the node has to be done before udev reads its rules, as cloud-init's first stage is.
      const [seeded, udev] = (
        await a(
          "systemctl show --value -p ExecMainExitTimestampMonotonic lab-seed; systemctl show --value -p ExecMainStartTimestampMonotonic systemd-udevd",
        )
      )
        .trim()
        .split("\n")
        .map(Number);
      assert.ok((seeded ?? NaN) < (udev ?? NaN), `seeded at ${seeded}, udev at ${udev}`);
    });

    it("have nothing to do when the same comes again", async () => {
      for (const part of pair.parts("a", "VXLAN Always")) assert.deepEqual(await pushPart(pair.target("a"), part), []);
      assert.equal(await a("sudo /usr/local/lib/overlaynet/overlaynet-apply apply"), "");
    });

    describe("carry VXLAN", () => {
      for (const [what, command] of Object.entries(commands)) {
        it(`after ${what}, which changes nothing`, async () => {
          assert.deepEqual(await changedBy(command), []);
          await passes(/10\.1\.0\.10\.\d+ > 10\.1\.0\.11\.4789: VXLAN/);
        });
      }

      if (suite !== "bookworm") {
        it("after a reboot, with no push", async () => {
          const before = await readParts(pair.target("a"));
          const boot = (await a("cat /proc/sys/kernel/random/boot_id")).trim();
          closeConnections();
          await rebootNode(pair.nodes.lab, pair.spec("a").instanceId);
          const settled = await pair.nodes.untilSsh(
            pair.reached("a"),
            "until systemctl is-active overlaynet.service; do sleep 0.2; done | tail -n 1; sudo systemctl stop overlaynet.timer; cat /proc/sys/kernel/random/boot_id",
          );
          assert.match(settled, /^active\n[0-9a-f-]+\n$/);
          assert.ok(!settled.includes(boot));
          assert.deepEqual(await readParts(pair.target("a")), before);
          assert.match(
            await a("nmcli -g DEVICE,STATE device; systemctl --failed"),
            /^vxlan\.calico:unmanaged$.*0 loaded units listed/ms,
          );
          await passes(/10\.1\.0\.10\.\d+ > 10\.1\.0\.11\.4789: VXLAN/);
        });
      }
    });

    // systemd 252 of Debian 12 takes no foreign route away whatever it is told, so that there is nothing more to show.
    if (suite === "bookworm") return;

    describe("carry IP in IP", () => {
      before(async () => {
        await pair.push("IPIP Always");
        for (const node of ["a", "b"] as const) await removePart(pair.target(node), "tunnel-vxlan");
      });
      for (const [what, command] of Object.entries(commands)) {
        if (!what.includes(" off and on") && !what.endsWith("systemd-networkd")) continue;
        it(`after ${what}, which changes nothing`, async () => {
          assert.deepEqual(await changedBy(command), []);
          await passes(/10\.1\.0\.10 > 10\.1\.0\.11: .*192\.168\.0\.5 > 192\.168\.0\.69: ICMP echo request/s);
        });
      }
    });

    /** The same without the files that overlaynet puts beside the managers' own. */
    describe("without overlaynet's word to those", () => {
      const take = (file: string): string => `sudo mkdir -p /root/kept && sudo mv ${file} /root/kept/`;
      const put = (file: string): string => `sudo mv /root/kept/${basename(file)} ${file}`;
      const NETWORKD = "/etc/systemd/networkd.conf.d/10-overlaynet.conf";
      const UDEV = "/etc/systemd/network/10-overlaynet.link";
      const NETWORK_MANAGER = "/etc/NetworkManager/conf.d/10-overlaynet.conf";
      const mend = (): Promise<string> => a("sudo /usr/local/lib/overlaynet/overlaynet-apply apply");

      before(async () => {
        // B is in A's subnet: the way to it leads over the interface that systemd-networkd looks after, and the device
        // stands beside it.
        await pair.push("VXLAN CrossSubnet");
        for (const node of ["a", "b"] as const) await removePart(pair.target(node), "tunnel-ipip");
      });

      it("systemctl restart systemd-networkd and netplan apply take routes away, and workloads' packets are lost", async () => {
        const routes = [
          `- 192.168.0.64/26 via ${B.ip} dev ens5 proto 80 onlink `,
          "- blackhole 192.168.0.0/26 proto 80 ",
        ];
        await passes(/192\.168\.0\.5 > 192\.168\.0\.69: ICMP echo request/);
        await a(take(NETWORKD));
        assert.deepEqual(await changedBy(RESTART), routes);
        assert.equal((await pair.ping()).answered, false);
        await mend();
        assert.deepEqual(await changedBy(NETPLAN), routes);
        await a(put(NETWORKD));
        await a(RESTART);
        await mend();
        assert.deepEqual(await changedBy(NETPLAN), []);
        await passes(/192\.168\.0\.5 > 192\.168\.0\.69: ICMP echo request/);
      });

      it("nmcli networking off and on strips the tunnel device", async () => {
        const restarted = "sudo systemctl restart NetworkManager && nm-online -s -q -t 30";
        await a(`${take(NETWORK_MANAGER)} && ${restarted}`);
        const lost = (await changedBy(OFF_AND_ON)).join("\n");
        await a(`${put(NETWORK_MANAGER)} && ${restarted}`);
        await mend();
        assert.match(lost, new RegExp(`^- vxlan\\.calico +inet ${A.vtep}/32 `, "m"));
        assert.match(lost, new RegExp(`^- ${B.vtep} dev vxlan\\.calico lladdr ${B.mac} PERMANENT`, "m"));
        assert.deepEqual(await changedBy(OFF_AND_ON), []);
      });

      it("udev gives devices of these names a MAC address of its own", async () => {
        // One that the kernel draws by lot is another each time; systemd's follows from name and machine.
        const macs = async (): Promise<string[]> =>
          (
            await a(
              "sudo udevadm control --reload; for i in 1 2; do sudo ip link add ovl-draft type vxlan id 77 dstport 4999; sudo udevadm settle; cat /sys/class/net/ovl-draft/address; sudo ip link del ovl-draft; done",
            )
          )
            .trim()
            .split("\n");
        await a(take(UDEV));
        assert.equal(new Set(await macs()).size, 1);
        await a(put(UDEV));
        assert.equal(new Set(await macs()).size, 2);
        await a("sudo udevadm trigger --action=add --settle /sys/class/net/vxlan.calico");
        assert.equal(await a("cat /sys/class/net/vxlan.calico/address"), `${A.mac}\n`);
      });
    });
  });
}
